/** What `POST /playbacks` says of time. */
export interface WantedTimes {
  from?: Date | undefined;
  to?: Date | undefined;
  durationSec?: number | undefined;
}

/** past: an export of what is there. open: a recording, from `startAt` on if that is set. */
export type WantedFootage =
  | { kind: 'past'; startMs: number; endMs: number }
  | { kind: 'open'; startAt: Date | undefined; durationSec: number | undefined };

/** A field that makes no sense, and why. */
export interface TimeFault {
  field: 'from' | 'to' | 'durationSec';
  message: string;
}

/** Tells what is wanted: a range that is over, or one that goes on. */
export function planWanted({ from, to, durationSec }: WantedTimes, nowMs: number): WantedFootage | TimeFault {
  if (from && from.getTime() > nowMs) return { field: 'from', message: 'from must not be in the future' };
  if (to && !from) return { field: 'to', message: 'to needs from' };
  if (to && durationSec !== undefined)
    return { field: 'durationSec', message: 'durationSec and to exclude each other' };
  if (!from || !to) return { kind: 'open', startAt: from, durationSec };
  if (to <= from) return { field: 'to', message: 'to must be later than from' };
  const [startMs, endMs] = [from.getTime(), to.getTime()];
  if (endMs <= nowMs) return { kind: 'past', startMs, endMs };
  return { kind: 'open', startAt: from, durationSec: Math.max(1, Math.round((endMs - nowMs) / 1_000)) };
}

/** The longest that a recording of this footage may be. */
export function longestMs({ startAt, durationSec }: Extract<WantedFootage, { kind: 'open' }>, nowMs: number): number {
  return (durationSec ?? 0) * 1_000 + (startAt ? nowMs - startAt.getTime() : 0);
}
