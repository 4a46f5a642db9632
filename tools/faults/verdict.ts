import type { PlaybackResponse } from '@hindsight/client';
import { type Charges, chargeKills, type KillCost } from './charge.js';
import type { InspectedObject } from './inspect.js';
import type { LostFrames, RecordingJudgement } from './judge-recording.js';
import type { PerformedKill } from './killer.js';
import type { MadeRecording } from './recordings.js';
import type { Span } from './spans.js';

/** A recording with everything that was found out about it. */
export interface JudgedRecording {
  made: MadeRecording;
  /** Null: it has no object, or its range is not known. */
  range: Span | null;
  object: InspectedObject | null;
  judgement: RecordingJudgement | null;
  /** Why the object could not be looked at. */
  error: string | null;
}

export interface CampaignEvidence {
  kills: readonly PerformedKill[];
  recordings: readonly JudgedRecording[];
  cameras: readonly { name: string; fps: number }[];
  fragmentMs: number;
  /** Processes left, one line each. */
  orphans: readonly string[];
  /** Cameras that were captured twice at once, one line each. */
  doubles: readonly string[];
}

export interface Verdict {
  costs: KillCost[];
  unexplained: { cameraIndex: number; lost: LostFrames }[];
  openingMs: number;
  unaccountedMs: number;
  overstatedMs: number;
  lostRecordings: number;
  stuck: number;
  noisy: number;
  different: number;
  orphans: number;
  doubles: number;
  /** Expectations that do not hold, each with what is needed to look into it. */
  violations: string[];
}

/** Frames in flight: in the socket, in FFmpeg's queues, and B-frames that wait for the picture after them. */
const IN_FLIGHT_FRAMES = 5;

export function judgeCampaign(evidence: CampaignEvidence): Verdict {
  const { recordings, kills, cameras, fragmentMs, orphans, doubles } = evidence;
  const charges = cameras.map(({ fps }, cameraIndex) => chargeCamera(recordings, kills, { cameraIndex, fps }));
  const costs = charges.flatMap((each) => each.costs);
  const unexplained = charges.flatMap((each, cameraIndex) => each.unexplained.map((lost) => ({ cameraIndex, lost })));
  const allowedMs = (fps: number) => fragmentMs + (IN_FLIGHT_FRAMES * 1_000) / fps;
  const violations = [
    ...recordings.flatMap(faultsOf),
    ...costs
      .filter(({ lostMs, cameraIndex }) => lostMs > allowedMs(cameras[cameraIndex]!.fps))
      .map((cost) => `more than a fragment lost: ${describeCost(cost, cameras)}`),
    ...unexplained.map(({ cameraIndex, lost }) => `lost without a kill: ${describeLost(lost, cameras[cameraIndex]!)}`),
    ...orphans.map((orphan) => `left behind: ${orphan}`),
    ...doubles,
  ];
  const count = (holds: (recording: JudgedRecording) => boolean) => recordings.filter(holds).length;
  return {
    ...{ costs, unexplained, violations, orphans: orphans.length, doubles: doubles.length },
    openingMs: sum(charges.map((each) => each.openingMs)),
    unaccountedMs: sum(
      recordings.map(({ judgement }) => (judgement?.unaccountedMs ?? 0) + (judgement?.imbalanceMs ?? 0)),
    ),
    overstatedMs: sum(recordings.map(({ judgement }) => judgement?.overstatedMs ?? 0)),
    lostRecordings: count(isLost),
    stuck: count(isStuck),
    noisy: count(({ object }) => Boolean(object?.noise)),
    different: count(({ object }) => (object?.differences.length ?? 0) > 0),
  };
}

function chargeCamera(
  recordings: readonly JudgedRecording[],
  kills: readonly PerformedKill[],
  { cameraIndex, fps }: { cameraIndex: number; fps: number },
): Charges {
  const own = recordings.filter(({ made, judgement }) => made.cameraIndex === cameraIndex && judgement);
  return chargeKills(kills, {
    ...{ cameraIndex, fps },
    wanted: own.flatMap(({ range }) => range ?? []),
    missing: own.flatMap(({ judgement }) => judgement?.missing ?? []),
    lost: own.flatMap(({ judgement }) => judgement?.lost ?? []),
  });
}

function statusOf({ made }: JudgedRecording): PlaybackResponse['recordingStatus'] | undefined {
  return made.playback?.recordingStatus;
}

/** Everything that an answered event promised and that is not there. */
function isLost(recording: JudgedRecording): boolean {
  return !isStuck(recording) && statusOf(recording) !== 'COMPLETED';
}

function isStuck(recording: JudgedRecording): boolean {
  const status = statusOf(recording);
  return recording.made.playbackId !== null && status !== 'COMPLETED' && status !== 'FAILED';
}

function faultsOf(recording: JudgedRecording): string[] {
  const { made, object, judgement, error } = recording;
  const faults = [
    ...(made.refused === null ? [] : [`not delivered: ${made.refused}`]),
    ...(made.refused === null && made.playbackId === null ? ['the event was taken and nothing is recorded'] : []),
    ...(isStuck(recording) ? [`stuck in ${statusOf(recording) ?? 'no known state'}`] : []),
    ...(statusOf(recording) === 'FAILED' ? [`FAILED: ${JSON.stringify(made.playback?.failure)}`] : []),
    ...(error === null ? [] : [`not to be judged: ${error}`]),
    ...(object?.noise ? [`FFmpeg says: ${object.noise.slice(0, 300)}`] : []),
    ...(object?.differences ?? []),
    ...(judgement ? faultsOfFrames(judgement) : []),
  ];
  const where = `recording ${made.index} (playback ${made.playbackId}, camera ${made.cameraIndex + 1}, ${at(made.occurredAtMs)} to ${at(made.endSentAtMs)})`;
  return faults.map((fault) => `${where}: ${fault}`);
}

function faultsOfFrames({
  unaccountedMs,
  imbalanceMs,
  overstatedMs,
  unreadable,
  misplaced,
  missing,
}: RecordingJudgement): string[] {
  const where = missing.map(({ first, end, startMs, endMs }) => `${first}–${end - 1} (${at(startMs)} to ${at(endMs)})`);
  return [
    ...(unaccountedMs > 0
      ? [`${unaccountedMs} ms missing that no gap explains; frames missing: ${where.join(', ')}`]
      : []),
    ...(imbalanceMs > 0 ? [`expected, stored and gaps differ by ${imbalanceMs} ms`] : []),
    ...(overstatedMs > 0
      ? [`${overstatedMs} ms of gaps where nothing is missing; missing are ${where.join(', ') || 'none'}`]
      : []),
    ...(unreadable > 0 ? [`${unreadable} pictures cannot be read`] : []),
    ...(misplaced > 0 ? [`${misplaced} pictures stand twice or out of order`] : []),
  ];
}

export function describeLost(lost: LostFrames, { name }: { name: string }): string {
  return `${name}, frames ${lost.first}–${lost.end - 1} (${at(lost.startMs)} to ${at(lost.endMs)})`;
}

function describeCost({ kill, cameraIndex, lostMs, lost }: KillCost, cameras: CampaignEvidence['cameras']): string {
  const frames = lost.map((each) => describeLost(each, cameras[cameraIndex]!)).join('; ');
  return `kill ${kill.index} (${kill.kind}, ${at(kill.atMs)}) cost ${lostMs} ms: ${frames}`;
}

/** Time of day, which is what logs are searched by. */
export function at(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
