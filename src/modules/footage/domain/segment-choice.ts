import type { Span } from '../../../schema/ledger.js';
import { type CaptureSegments, spansOf, touchedBy } from './segment-spans.js';
import { lowest } from './segment-table.js';

/** Whose fragments are to be read: indexes among the segments of a capture, in order. */
export type SegmentChoice = (capture: CaptureSegments) => number[];

/** The whole capture. */
export const everything: SegmentChoice = (capture) => indexes(0, spansOf(capture).length);

/**
 * What `selectFootage` needs for a range, and the segment behind it, which tells whether the last fragment of the range is the last of its
 * group of pictures.
 * @param firstFragment a recording that began with this fragment, named by `segmentId`, may reach back before its range
 */
export function inRange(range: Span, firstFragment: string | null = null): SegmentChoice {
  return (capture) => {
    const spans = spansOf(capture);
    const [from, to] = touchedBy(spans, range);
    const shown = firstShown(capture, firstFragment);
    return indexes(Math.min(from, shown ?? from), Math.min(to + 1, spans.length));
  };
}

/** Segments by their names. @param segments by the id of their capture */
export function named(segments: ReadonlyMap<string, ReadonlySet<string>>): SegmentChoice {
  return ({ captureId, sealed, open }) => {
    const names = [...(segments.get(captureId) ?? [])];
    const found = names.map((name) => (open[0]?.segment === name ? sealed.length : sealed.indexOf(name)));
    return found.filter((index) => index >= 0).sort((a, b) => a - b);
  };
}

/** The segment that holds the fragment, if it is one of this capture. */
function firstShown(capture: CaptureSegments, firstFragment: string | null): number | null {
  const { captureId, epochMs } = capture;
  if (!firstFragment?.startsWith(`${captureId}-`)) return null;
  // Its name has the whole millisecond that is nearest.
  const atMs = epochMs + Number(firstFragment.slice(captureId.length + 1)) - 1;
  const spans = spansOf(capture);
  return lowest(spans.length, (index) => spans.at(index).endMs > atMs);
}

function indexes(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
