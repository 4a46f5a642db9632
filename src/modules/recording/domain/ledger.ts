export const GAP_CAUSES = [
  'camera_starting',
  'camera_unreachable',
  'camera_refused',
  'camera_lost',
  'stalled',
  'no_video',
  'codec_changed',
  'waiting_for_slot',
  'disk_full',
  'service_stopped',
  'ffmpeg_failed',
  'unknown',
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** A stretch of the wanted range without footage, half-open, ISO 8601 UTC. */
export interface Gap {
  startAt: string;
  endAt: string;
  cause: GapCause;
}

/** Half-open, milliseconds since the epoch. */
export interface Span {
  startMs: number;
  endMs: number;
}

export interface CausedSpan extends Span {
  cause: GapCause;
}

export interface Ledger {
  /** Length of the wanted range. */
  expectedMs: number;
  /** How much of the wanted range is covered by footage. */
  storedMs: number;
  gaps: Gap[];
}

/** Holes up to this long lie between neighbouring frames and rounding, not in the footage: 5 frames per second are 200 ms apart. */
export const SEAM_TOLERANCE_MS = 200;

/**
 * Balances what was wanted against what is there: `expectedMs = storedMs + Σ gaps`, to the millisecond.
 * A gap takes the cause of the interruption that overlaps it most; without one it says `unknown`. That a camera took its time to start
 * counts only where nothing else happened: after a loss it is a part of the loss.
 */
export function buildLedger(range: Span, footage: readonly Span[], interruptions: readonly CausedSpan[]): Ledger {
  const wanted = {
    startMs: Math.round(range.startMs),
    endMs: Math.max(Math.round(range.startMs), Math.round(range.endMs)),
  };
  const gaps =
    footage.length > 0 ? findHoles(wanted, footage) : [wanted].filter(({ startMs, endMs }) => endMs > startMs);
  const expectedMs = wanted.endMs - wanted.startMs;
  const missingMs = gaps.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  return {
    expectedMs,
    storedMs: expectedMs - missingMs,
    gaps: gaps.map((gap) => ({
      startAt: new Date(gap.startMs).toISOString(),
      endAt: new Date(gap.endMs).toISOString(),
      cause: causeOf(gap, interruptions),
    })),
  };
}

function findHoles(wanted: Span, footage: readonly Span[]): Span[] {
  const holes: Span[] = [];
  const add = (startMs: number, endMs: number) => {
    if (endMs - startMs > SEAM_TOLERANCE_MS) holes.push({ startMs, endMs });
  };
  let coveredMs = wanted.startMs;
  for (const span of [...footage].sort((a, b) => a.startMs - b.startMs)) {
    const startMs = Math.min(Math.round(span.startMs), wanted.endMs);
    add(coveredMs, startMs);
    coveredMs = Math.max(coveredMs, Math.min(Math.round(span.endMs), wanted.endMs));
  }
  add(coveredMs, wanted.endMs);
  return holes;
}

function causeOf(gap: Span, interruptions: readonly CausedSpan[]): GapCause {
  const isStart = ({ cause }: CausedSpan) => cause === 'camera_starting';
  const losses = interruptions.filter((interruption) => !isStart(interruption));
  return longestIn(gap, losses) ?? longestIn(gap, interruptions.filter(isStart)) ?? 'unknown';
}

function longestIn(gap: Span, interruptions: readonly CausedSpan[]): GapCause | null {
  let longest: GapCause | null = null;
  let longestMs = 0;
  for (const { startMs, endMs, cause } of interruptions) {
    const overlapMs = Math.min(gap.endMs, endMs) - Math.max(gap.startMs, startMs);
    if (overlapMs <= longestMs) continue;
    longest = cause;
    longestMs = overlapMs;
  }
  return longest;
}
