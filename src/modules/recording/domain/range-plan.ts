/** A trigger on a camera; instants in milliseconds since the epoch. */
export interface TriggerTimes {
  occurredAtMs: number;
  nowMs: number;
  preRollSec: number;
  maxRecordingSec: number;
}

export interface OpenRange {
  startMs: number;
  /** The dead-man limit. */
  deadlineMs: number;
}

/**
 * The range that a trigger opens: from its pre-roll on, also when it is reported late (the ledger says what could not be had any more),
 * unless it is later than `lateTriggerMaxSec`: then its sender's clock is wrong. The dead-man limit counts from now.
 */
export function planRange(trigger: TriggerTimes, lateTriggerMaxSec: number): OpenRange {
  const { occurredAtMs, nowMs, preRollSec, maxRecordingSec } = trigger;
  const late = nowMs - occurredAtMs > lateTriggerMaxSec * 1_000;
  const fromMs = late ? nowMs : Math.min(occurredAtMs, nowMs);
  return { startMs: fromMs - preRollSec * 1_000, deadlineMs: nowMs + maxRecordingSec * 1_000 };
}

/**
 * The range of a recording after another trigger has joined it; `wanted` is what that trigger alone would have opened.
 * The dead-man limit only ever moves away. The start only ever moves back, and only where that can bring footage: on a camera that keeps
 * a pre-roll, or when nothing was recorded yet. On a cold camera that records already, nothing from before its start exists, and the range
 * does not claim it.
 */
export function planJoinedRange(
  present: OpenRange,
  wanted: OpenRange,
  { warm, begun }: { warm: boolean; begun: boolean },
): OpenRange {
  const canReachBack = warm || !begun;
  return {
    startMs: canReachBack ? Math.min(present.startMs, wanted.startMs) : present.startMs,
    deadlineMs: Math.max(present.deadlineMs, wanted.deadlineMs),
  };
}
