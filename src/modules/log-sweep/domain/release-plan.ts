import type { StreamId } from '../../../schema/stream-id.js';
import { type SegmentSpans, touchedBy } from '../../footage/index.js';

/** A capture in the log, as far as its deletion goes. */
export interface SweptLogCapture {
  /** The segment that is being written; null once the capture has ended. */
  openSegment: string | null;
  spans: SegmentSpans;
}

/** Footage that must stay; `endMs` null: up to now and on. */
export interface NeededRange {
  stream: StreamId;
  startMs: number;
  endMs: number | null;
}

/**
 * Which segments of a capture nobody needs any more. The open segment always stays; an ended capture goes as a whole when nothing of it is
 * needed. Takes no longer for a long log than for a short one, but for what it releases.
 * @param needed of its stream
 */
export function planRelease(
  { openSegment, spans }: SweptLogCapture,
  needed: readonly Pick<NeededRange, 'startMs' | 'endMs'>[],
): 'all' | string[] {
  const kept = needed
    .map(({ startMs, endMs }) => touchedBy(spans, { startMs, endMs: endMs ?? Infinity }))
    .filter(([from, to]) => from < to)
    .sort(([a], [b]) => a - b);
  if (kept.length === 0 && openSegment === null) return 'all';
  const free: string[] = [];
  let index = 0;
  for (const [from, to] of [...kept, [spans.length, spans.length] as const]) {
    for (; index < from; index += 1) {
      const segment = spans.nameAt(index);
      if (segment !== openSegment) free.push(segment);
    }
    index = Math.max(index, to);
  }
  return free;
}
