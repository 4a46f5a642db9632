export const RECORDING_STATUSES = ['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED', 'FAILED'] as const;
/** PENDING: wanted, no footage yet. RECORDING: footage is coming in. PROCESSING: range closed, being stored. The last two are final. */
export type RecordingStatus = (typeof RECORDING_STATUSES)[number];

/** Footage is still wanted. */
export const OPEN_STATUSES = ['PENDING', 'RECORDING'] as const satisfies readonly RecordingStatus[];
/** The same as the right side of an `IN`. */
export const OPEN_SQL = `('${OPEN_STATUSES.join("', '")}')`;

export const END_REASONS = [
  'event_ended',
  'stopped',
  'max_duration',
  'schedule_ended',
  'camera_lost',
  'start_failed',
  'service_stopped',
  'disk_full',
] as const;
/** Why a recording ended; a field of its own, because the status only says how far the result is. */
export type EndReason = (typeof END_REASONS)[number];

export const PLAYBACK_KINDS = ['event', 'manual', 'schedule', 'export'] as const;
/** Why a playback was made: an event asked for it, somebody by hand, a schedule; or it is an export of footage that was recorded before. */
export type PlaybackKind = (typeof PLAYBACK_KINDS)[number];

const NEXT: Record<RecordingStatus, readonly RecordingStatus[]> = {
  PENDING: ['RECORDING', 'FAILED'],
  RECORDING: ['PROCESSING', 'FAILED'],
  PROCESSING: ['COMPLETED', 'FAILED'],
  COMPLETED: [],
  FAILED: [],
};

/** An export is never recorded: its footage is there. */
const NEXT_OF_EXPORT: Record<RecordingStatus, readonly RecordingStatus[]> = {
  ...NEXT,
  PENDING: ['PROCESSING', 'FAILED'],
  RECORDING: [],
};

function nextOf(kind: PlaybackKind): Record<RecordingStatus, readonly RecordingStatus[]> {
  return kind === 'export' ? NEXT_OF_EXPORT : NEXT;
}

/** Whether the state of a playback may move from `from` to `to` in one step. */
export function canTransition(from: RecordingStatus, to: RecordingStatus, kind: PlaybackKind = 'event'): boolean {
  return nextOf(kind)[from].includes(to);
}

/** The states from which `to` may be entered. */
export function statesBefore(to: RecordingStatus, kind: PlaybackKind = 'event'): RecordingStatus[] {
  return RECORDING_STATUSES.filter((from) => canTransition(from, to, kind));
}

export function isOpen(status: RecordingStatus): boolean {
  return OPEN_STATUSES.some((open) => open === status);
}

export function isFinal(status: RecordingStatus): boolean {
  return NEXT[status].length === 0;
}
