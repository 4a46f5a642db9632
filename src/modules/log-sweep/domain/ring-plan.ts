import type { SegmentSpan, SegmentSpans } from '../../footage/index.js';

/** The ring of a stream: footage that is kept for the pre-roll of recordings that are not wanted yet. */
export interface RingLimits {
  /** Wall clock; older footage is not in the ring. */
  fromMs: number;
  maxBytes: number;
}

/**
 * Where the ring of one stream begins.
 * @param captures the segments of each capture of that stream
 * @returns the earliest instant at or after `fromMs` from which on the footage is no more than `maxBytes`, if the bytes of a segment are
 *   spread evenly over it
 */
export function planRingStart(captures: readonly SegmentSpans[], { fromMs, maxBytes }: RingLimits): number {
  const newestFirst = captures.flatMap((spans) => spansSince(spans, fromMs)).sort((a, b) => b.startMs - a.startMs);
  let leftBytes = maxBytes;
  for (const { startMs, endMs, sizeBytes } of newestFirst) {
    if (sizeBytes > leftBytes) return Math.max(fromMs, endMs - ((endMs - startMs) * leftBytes) / sizeBytes);
    leftBytes -= sizeBytes;
  }
  return fromMs;
}

/** Segments with footage from `fromMs` on. */
function spansSince(spans: SegmentSpans, fromMs: number): SegmentSpan[] {
  const found: SegmentSpan[] = [];
  for (let index = spans.length - 1; index >= 0; index -= 1) {
    const span = spans.at(index);
    if (span.endMs <= fromMs) break;
    found.push(span);
  }
  return found;
}
