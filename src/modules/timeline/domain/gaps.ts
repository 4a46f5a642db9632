import { type CausedSpan, GAP_CAUSES, type Span } from '../../../schema/ledger.js';
import { REMOVAL_CAUSES, type RemovalCause } from '../../../schema/footage.entity.js';

/** Why there is no footage: nobody wanted it, it has not come yet, it was not kept, or it was never recorded. */
export const FOOTAGE_GAP_CAUSES = ['not_wanted', 'not_yet', ...REMOVAL_CAUSES, ...GAP_CAUSES] as const;
export type FootageGapCause = (typeof FOOTAGE_GAP_CAUSES)[number];

export interface FootageGap extends Span {
  cause: FootageGapCause;
}

/** What is known of a camera beside its footage. */
export interface Reasons {
  /** Footage that was there and is not kept, also what waits in the trash or is missing in the store. */
  removals: readonly (Span & { cause: RemovalCause })[];
  /** When all footage was wanted. */
  periods: readonly Span[];
  interruptions: readonly CausedSpan[];
  nowMs: number;
}

/** What is shorter, and touches an interruption, is a part of it: both edges were rounded, and the clock of a capture is fitted in its first seconds. */
const SLIVER_MS = 1_000;
/** A segment gets its row once it is closed, after five minutes at most; whoever cannot see the recorder's disk knows nothing of it before. */
const ON_ITS_WAY_MS = 600_000;

/**
 * Says of holes why there is no footage. What was there once comes first, for it was recorded whoever wanted it; then what nobody wanted, then what
 * kept the camera from giving it. A hole is cut where its cause changes: the gaps are as long as the holes, to the millisecond.
 */
export function explainHoles(
  holes: readonly Span[],
  { removals, periods, interruptions, nowMs }: Reasons,
): FootageGap[] {
  const isStart = ({ cause }: CausedSpan) => cause === 'camera_starting';
  const layers: readonly (readonly FootageGap[])[] = [
    removals,
    subtract(holes, periods).map((span) => ({ ...span, cause: 'not_wanted' as const })),
    interruptions.filter((each) => !isStart(each)),
    // After a loss, that the camera took its time to start is a part of the loss.
    interruptions.filter(isStart),
  ];
  let left: Span[] = [...holes];
  const gaps: FootageGap[] = [];
  for (const layer of layers) {
    gaps.push(...paint(left, layer));
    left = subtract(left, gaps);
  }
  const rest = left.map((span) => ({
    ...span,
    cause: isOnItsWay(span, nowMs) ? ('not_yet' as const) : ('unknown' as const),
  }));
  return joinEqual(takeInSlivers([...gaps, ...rest].sort(byStart), new Set(interruptions.map(({ cause }) => cause))));
}

/** Whether what is missing was recorded once. */
export function wasRecorded(cause: FootageGapCause): boolean {
  return (REMOVAL_CAUSES as readonly FootageGapCause[]).includes(cause);
}

function isOnItsWay({ startMs, endMs }: Span, nowMs: number): boolean {
  return endMs >= nowMs && startMs > nowMs - ON_ITS_WAY_MS;
}

/** The parts of the holes that a layer covers; where two of its spans overlap, the one that began first goes on. */
function paint(holes: readonly Span[], layer: readonly FootageGap[]): FootageGap[] {
  const painted: FootageGap[] = [];
  const inOrder = [...layer].sort(byStart);
  for (const hole of holes) {
    let atMs = hole.startMs;
    for (const { startMs, endMs, cause } of inOrder) {
      const part = {
        startMs: Math.max(Math.round(startMs), atMs),
        endMs: Math.min(Math.round(endMs), hole.endMs),
        cause,
      };
      if (part.endMs <= part.startMs) continue;
      painted.push(part);
      atMs = part.endMs;
    }
  }
  return painted;
}

/** What of spans, in order, lies in none of the others. */
function subtract(spans: readonly Span[], others: readonly Span[]): Span[] {
  const inOrder = [...others].sort(byStart);
  return spans.flatMap((span) => {
    const left: Span[] = [];
    let atMs = span.startMs;
    for (const { startMs, endMs } of inOrder) {
      if (startMs >= span.endMs) break;
      if (endMs <= atMs) continue;
      if (startMs > atMs) left.push({ startMs: atMs, endMs: Math.round(startMs) });
      atMs = Math.max(atMs, Math.round(endMs));
    }
    if (atMs < span.endMs) left.push({ startMs: atMs, endMs: span.endMs });
    return left;
  });
}

function takeInSlivers(gaps: readonly FootageGap[], interruptions: ReadonlySet<FootageGapCause>): FootageGap[] {
  return gaps.map((gap, index) => {
    const isSliver = gap.cause === 'unknown' && gap.endMs - gap.startMs < SLIVER_MS;
    if (!isSliver) return gap;
    const [before, after] = [gaps[index - 1], gaps[index + 1]];
    if (before && before.endMs === gap.startMs && interruptions.has(before.cause))
      return { ...gap, cause: before.cause };
    if (after && after.startMs === gap.endMs && interruptions.has(after.cause)) return { ...gap, cause: after.cause };
    return gap;
  });
}

function joinEqual(gaps: readonly FootageGap[]): FootageGap[] {
  const joined: FootageGap[] = [];
  for (const gap of gaps) {
    const last = joined.at(-1);
    if (last && last.endMs === gap.startMs && last.cause === gap.cause)
      joined[joined.length - 1] = { ...last, endMs: gap.endMs };
    else joined.push(gap);
  }
  return joined;
}

function byStart(a: Span, b: Span): number {
  return a.startMs - b.startMs;
}
