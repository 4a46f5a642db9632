import type { RecordingPhase } from './recording-phase.js';

/** What decides the next step of a running recording; instants in milliseconds since the epoch. */
export interface RecordingSituation {
  nowMs: number;
  /** When this recorder took it up. */
  openedAtMs: number;
  /** Null while nobody has ended it. */
  rangeEndMs: number | null;
  /** A camera that gives no picture is waited for at least so long, since the recording is known to go on; null: nobody knows. */
  endsMs: number | null;
  /** Up to then all pictures are there; null: none yet. */
  wholeUntilMs: number | null;
  /** There are no pictures from after the trigger. */
  lacksEvent: boolean;
  /** The camera cannot give footage before somebody changes something. */
  hopeless: boolean;
  /** When the camera failed last to be opened; null: it did not since the last footage. An FFmpeg that was killed does not count. */
  failedAtMs: number | null;
  phase: RecordingPhase;
  /** FFmpeg runs and gives footage, for this or for another recording. */
  captureLive: boolean;
  /** The camera has sent what FFmpeg has not read yet. Of interest only when the grace after the range's end is over. */
  isBehind: boolean;
  /** Since when an FFmpeg runs that has given nothing yet, or nothing that is known to stand right on the clock; null: none does. */
  unplacedSinceMs: number | null;
  /** Since when an FFmpeg runs that hears the camera and has given nothing yet; null: none does. */
  heardSinceMs: number | null;
}

export interface RecordingTimes {
  /** A camera that has given no picture for this long is given up. */
  startTimeoutMs: number;
  /** One that is heard is given up so long after FFmpeg was started: it may send a key frame every few minutes only. */
  heardTimeoutMs: number;
  /** Frames are this long on their way: FFmpeg is stopped this much after the range's end, so that the end is in. */
  endGraceMs: number;
  /** How long to wait for the fragment that reaches the range's end when FFmpeg goes on for others. */
  tailTimeoutMs: number;
}

export type RecordingStep = { step: 'wait'; untilMs: number | null } | { step: 'release' } | { step: 'finish' };

/**
 * The next step of a recording. A recording that is ended before its camera gave the first picture (a short event on a cold camera, or
 * right after a start, when there is only what was kept from before) waits for one fragment: a little footage from right after
 * the trigger is worth more than none. It does not wait for a camera that fails once more after the end. A camera that is heard is waited
 * for up to its first key frame, also after the end: bare FFmpeg would record it.
 */
export function planNextStep(now: RecordingSituation, times: RecordingTimes): RecordingStep {
  const isReleased = now.phase === 'released' || now.phase === 'over';
  // Nothing more comes, however late the last of it was.
  if (isReleased && !now.captureLive) return { step: 'finish' };
  if (now.wholeUntilMs === null) return planStart(now, times);
  if (now.rangeEndMs === null) return { step: 'wait', untilMs: null };
  const endMs = now.rangeEndMs + times.endGraceMs;
  if (now.nowMs < endMs) return { step: 'wait', untilMs: endMs };
  if (now.lacksEvent) {
    const start = planStart(now, times);
    if (start.step === 'wait') return start;
  }
  const tailDeadlineMs = endMs + times.tailTimeoutMs;
  const isLate = now.nowMs >= tailDeadlineMs;
  // It heard the camera before the end; what it heard would be lost, or stand in the wrong place, if it were stopped now.
  const isUnplaced = now.unplacedSinceMs !== null && now.unplacedSinceMs < now.rangeEndMs;
  if (isUnplaced && !isLate) return { step: 'wait', untilMs: tailDeadlineMs };
  const behindUntilMs = endMs + MAX_LATE_MS;
  if (isTailUnread(now) && now.nowMs < behindUntilMs) {
    return { step: 'wait', untilMs: Math.min(behindUntilMs, now.nowMs + BEHIND_LOOK_MS) };
  }
  if (!isReleased) return { step: 'release' };
  const complete = now.phase === 'over' || now.wholeUntilMs >= now.rangeEndMs;
  if (complete || isLate) return { step: 'finish' };
  return { step: 'wait', untilMs: tailDeadlineMs };
}

/** The end of the range may be among what FFmpeg has not read yet: stopped now, it would never read it. */
function isTailUnread({ phase, captureLive, isBehind, wholeUntilMs, rangeEndMs }: RecordingSituation): boolean {
  const lacksTail = phase === 'follows' && (wholeUntilMs ?? -Infinity) < (rangeEndMs ?? Infinity);
  return lacksTail && captureLive && isBehind;
}

function planStart(now: RecordingSituation, { startTimeoutMs, heardTimeoutMs }: RecordingTimes): RecordingStep {
  const heardUntilMs = now.heardSinceMs === null ? 0 : now.heardSinceMs + heardTimeoutMs;
  const deadlineMs = Math.max(now.openedAtMs + startTimeoutMs, heardUntilMs, now.endsMs ?? 0);
  const failedAfterEnd = now.rangeEndMs !== null && now.failedAtMs !== null && now.failedAtMs >= now.rangeEndMs;
  if (now.hopeless || failedAfterEnd || now.nowMs >= deadlineMs) return { step: 'finish' };
  const endMs = now.rangeEndMs !== null && now.rangeEndMs > now.nowMs ? now.rangeEndMs : deadlineMs;
  return { step: 'wait', untilMs: Math.min(deadlineMs, endMs) };
}

/** How often to look whether FFmpeg has caught up. A picture that has just come is read within a millisecond: most looks find nothing unread. */
const BEHIND_LOOK_MS = 20;
/** Frames need this long from the camera to the pipe, also when audio is encoded on the way (measured: up to 0.42 s). */
const END_GRACE_MS = 450;
/** The newest fragment is up to this much later than the earliest ones were; on a busy machine it is more, and so is the next one. */
const USUAL_LATE_MS = 100;
/** More says that something else is wrong. */
const MAX_LATE_MS = 3_000;

/**
 * How long after a range's end its last frames may still be on their way.
 * @param newest how long after its end, on the clock of its capture, the newest fragment came, and how much of its end leans on frames behind
 * it: as much of the range's end leans on frames from behind that, and is worth nothing without them
 */
export function endGraceMs({ lateMs, leanMs }: { lateMs: number; leanMs: number }): number {
  return END_GRACE_MS + Math.max(0, Math.min(MAX_LATE_MS, lateMs) - USUAL_LATE_MS) + Math.min(MAX_LATE_MS, leanMs);
}
