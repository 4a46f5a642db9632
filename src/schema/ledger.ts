export const GAP_CAUSES = [
  'no_pre_roll',
  'camera_starting',
  'camera_unreachable',
  'camera_refused',
  'camera_lost',
  'stalled',
  'clock_jumped',
  'no_video',
  'codec_changed',
  'waiting_for_slot',
  'disk_full',
  'service_stopped',
  'ffmpeg_failed',
  'footage_lost',
  'footage_expired',
  'footage_deleted',
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

/** Footage with the time from picture to picture at its start and at its end: cameras change their rate. */
export interface FootageSpan extends Span {
  firstStepMs: number;
  lastStepMs: number;
}

/** A hole shorter than this many steps lies between neighbouring frames: one that is missing makes two steps of one. */
export const SEAM_STEPS = 1.5;
/** What rounding to milliseconds makes of two edges. */
const ROUNDING_MS = 1;

/**
 * Balances what was wanted against what is there: `expectedMs = storedMs + Σ gaps`, to the millisecond.
 * A gap takes the cause of the interruption that overlaps it most; without one it is `unexplained`. That a camera took its time to start
 * counts only where nothing else happened: after a loss it is a part of the loss.
 */
export function buildLedger(
  range: Span,
  footage: readonly FootageSpan[],
  interruptions: readonly CausedSpan[],
  unexplained: GapCause = 'unknown',
): Ledger {
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
      cause: causeOf(gap, interruptions) ?? unexplained,
    })),
  };
}

function findHoles(wanted: Span, footage: readonly FootageSpan[]): Span[] {
  const holes: Span[] = [];
  const add = (startMs: number, endMs: number, ...steps: number[]) => {
    if (endMs - startMs > Math.max(...steps) * SEAM_STEPS + ROUNDING_MS) holes.push({ startMs, endMs });
  };
  const sorted = [...footage].sort((a, b) => a.startMs - b.startMs);
  let coveredMs = wanted.startMs;
  let stepMs = sorted[0]?.firstStepMs ?? 0;
  for (const span of sorted) {
    const [startMs, endMs] = [span.startMs, span.endMs].map((ms) => Math.min(Math.round(ms), wanted.endMs));
    add(coveredMs, startMs!, stepMs, span.firstStepMs);
    if (endMs! < coveredMs) continue;
    coveredMs = endMs!;
    stepMs = span.lastStepMs;
  }
  add(coveredMs, wanted.endMs, stepMs);
  return holes;
}

function causeOf(gap: Span, interruptions: readonly CausedSpan[]): GapCause | null {
  const isStart = ({ cause }: CausedSpan) => cause === 'camera_starting';
  const losses = interruptions.filter((interruption) => !isStart(interruption));
  return longestIn(gap, losses) ?? longestIn(gap, interruptions.filter(isStart));
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
