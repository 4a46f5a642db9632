import type { Span } from '../../../schema/ledger.js';

/** What rounding to milliseconds makes of two edges. */
const ROUNDING_MS = 1;

/** Up to when it is known, from `fromMs` on without a break, why there is no footage. Milliseconds since the epoch. */
export function knownUntil(fromMs: number, interruptions: readonly Span[]): number {
  let untilMs = fromMs;
  for (const { startMs, endMs } of [...interruptions].sort((a, b) => a.startMs - b.startMs)) {
    if (startMs <= untilMs + ROUNDING_MS) untilMs = Math.max(untilMs, endMs);
  }
  return untilMs;
}
