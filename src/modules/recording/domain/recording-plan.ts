/** What decides the next step of a running recording; instants in milliseconds since the epoch. */
export interface RecordingSituation {
  nowMs: number;
  triggeredAtMs: number;
  /** Null while nobody has ended it. */
  rangeEndMs: number | null;
  /** End of the footage so far; null: none yet. */
  footageEndMs: number | null;
  /** The camera cannot give footage before somebody changes something. */
  hopeless: boolean;
  /** Its demand on the camera was given back. */
  released: boolean;
  /** FFmpeg still runs, for this or for another recording. */
  captureRunning: boolean;
}

export interface RecordingTimes {
  /** A camera that has given no picture this long after the trigger is given up. */
  startTimeoutMs: number;
  /** Frames are this long on their way: FFmpeg is stopped this much after the range's end, so that the end is in. */
  endGraceMs: number;
  /** How long to wait for the fragment that reaches the range's end when FFmpeg goes on for others. */
  tailTimeoutMs: number;
}

export type RecordingStep = { step: 'wait'; untilMs: number | null } | { step: 'release' } | { step: 'finish' };

/**
 * The next step of a recording. A recording that is ended before its camera gave the first picture (a short event on a cold camera)
 * waits for one fragment: a little footage from right after the trigger is worth more than none.
 */
export function planNextStep(now: RecordingSituation, times: RecordingTimes): RecordingStep {
  const startDeadlineMs = now.triggeredAtMs + times.startTimeoutMs;
  if (now.footageEndMs === null) {
    if (now.hopeless || now.nowMs >= startDeadlineMs) return { step: 'finish' };
    return { step: 'wait', untilMs: startDeadlineMs };
  }
  if (now.rangeEndMs === null) return { step: 'wait', untilMs: null };
  const endMs = now.rangeEndMs + times.endGraceMs;
  if (now.nowMs < endMs) return { step: 'wait', untilMs: endMs };
  if (!now.released) return { step: 'release' };
  const tailDeadlineMs = endMs + times.tailTimeoutMs;
  const complete = now.footageEndMs >= now.rangeEndMs;
  if (!now.captureRunning || complete || now.nowMs >= tailDeadlineMs) return { step: 'finish' };
  return { step: 'wait', untilMs: tailDeadlineMs };
}
