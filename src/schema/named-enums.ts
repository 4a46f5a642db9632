import { ASSEMBLIES } from './assembly.js';
import { CAMERA_STATES } from './camera-status.entity.js';
import { OVERLAP_POLICIES } from './camera.entity.js';
import { RECORDING_DECISIONS } from './event.entity.js';
import { INCIDENT_KINDS } from './incident.entity.js';
import { GAP_CAUSES } from './ledger.js';
import { EXPORT_PHASES } from './export-progress.js';
import { END_REASONS, PLAYBACK_KINDS, RECORDING_STATUSES } from './playback-state.js';
import { KEPT_KINDS } from './kept-kind.js';
import { LIMIT_SOURCES } from './limit-source.js';
import { OCCURRENCE_ACTIONS, OCCURRENCE_STATUSES } from './occurrence.entity.js';
import { RULE_KINDS, SCHEDULE_ACTIONS, WEEKDAYS } from './schedule.entity.js';
import { USER_ROLES } from './user.entity.js';

/** For `@ApiProperty`: the words of a column under the name that generated clients have for them. */
const named = <T extends string>(enumName: string, words: readonly T[], description: string) => ({
  enum: words,
  enumName,
  enumSchema: { description },
});

export const ROLE = named('Role', USER_ROLES, 'What a user may do: ADMIN everything, OPERATOR record, VIEWER look');
export const RECORDING_STATUS = named(
  'RecordingStatus',
  RECORDING_STATUSES,
  'PENDING: wanted, no footage yet. RECORDING: footage is coming in. PROCESSING: it has ended and is being stored. COMPLETED: the video is there. FAILED: there will be none',
);
export const PLAYBACK_KIND = named(
  'PlaybackKind',
  PLAYBACK_KINDS,
  'Why a playback was made. event: an event asked for it. manual: somebody did. schedule: it was planned. export: somebody asked for footage that was recorded before',
);
export const EXPORT_PHASE = named(
  'ExportPhase',
  EXPORT_PHASES,
  'What an export is at. finding: its footage is looked for. encoding: it is made alike. storing: it is sent to the store. checking: the video is looked at there',
);
export const END_REASON = named('EndReason', END_REASONS, 'Why a recording ended');
export const GAP_CAUSE = named('GapCause', GAP_CAUSES, 'Why footage is missing');
export const ASSEMBLY = named(
  'Assembly',
  ASSEMBLIES,
  'How the video was made: `copied` as the camera sent it; `remuxed` by FFmpeg, with its pictures as the camera sent them, because the ' +
    'footage could not be used as it is; `audio_re_encoded` or `re_encoded` (pictures and sound) because the camera ' +
    'changed its stream half-way, which no browser plays out of one file',
);
export const RECORDING_DECISION = named(
  'RecordingDecision',
  RECORDING_DECISIONS,
  'requested: `playbackId` is its own. joined: `playbackId` is one that another event had opened. not_requested: this camera does not record on this type. refused: nothing can be recorded now, `reason` says why',
);
export const CAMERA_STATE = named(
  'CameraState',
  CAMERA_STATES,
  'idle: nobody wants its footage now. connecting: being opened. online: gives footage. offline: is wanted and gives none',
);
export const OVERLAP_POLICY = named(
  'OverlapPolicy',
  OVERLAP_POLICIES,
  'parallel: each event has a playback of its own. merge: an event during a recording or its post-roll joins and extends it',
);
export const KEPT_KIND = named(
  'KeptKind',
  KEPT_KINDS,
  'What something was made for: continuous footage, an export, a schedule, somebody by hand, an event. In this order they go when room is wanted',
);
export const LIMIT_SOURCE = named(
  'LimitSource',
  LIMIT_SOURCES,
  'Whose word a limit is: of the policy for this camera and kind, for this camera, for this kind, for everything, or of the settings',
);
export const RULE_KIND = named(
  'RuleKind',
  RULE_KINDS,
  'once: `at`. daily: `at`, and `every` so many days. weekly: `at` on `days`. cron: `expression`',
);
export const WEEKDAY = named('Weekday', WEEKDAYS, 'A day of the week');
export const OCCURRENCE_STATUS = named(
  'OccurrenceStatus',
  OCCURRENCE_STATUSES,
  'scheduled: still to come. recording: it goes on, or its video is being stored. completed: the video is there. failed: there will be none. cancelled: somebody has cancelled it',
);
export const SCHEDULE_ACTION = named('ScheduleAction', SCHEDULE_ACTIONS, 'What is done with each schedule');
export const OCCURRENCE_ACTION = named('OccurrenceAction', OCCURRENCE_ACTIONS, 'What is done with each occurrence');
export const INCIDENT_KIND = named(
  'IncidentKind',
  INCIDENT_KINDS,
  'camera_silent: a camera that is wanted gives no footage. recording_not_started: a recording is wanted and has no footage yet. recording_overdue: a recording should have ended. ' +
    'recording_stalled: a recording gets no footage although its camera has not failed. upload_backlog: recordings wait to be stored. disk_low: the disk of a recorder is too full to record. ' +
    "footage_backlog: footage waits for the archive. footage_store_foreign: the store of footage is not this installation's. " +
    'retention_blocked: room is wanted, and nothing more may be deleted. missed_start: a scheduled recording has not been begun in time',
);
