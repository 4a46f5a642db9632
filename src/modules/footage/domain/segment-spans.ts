import type { Span } from '../../../schema/ledger.js';
import { type Anchor, placeByAnchors } from './capture-clock.js';
import { leanFrom, type StoredFragment } from './footage.js';
import { lowest, type SegmentFigures, type SegmentTable } from './segment-table.js';

/** When a segment was recorded, wall clock; it begins with the earliest picture that leans on it. */
export interface SegmentSpan extends Span {
  sizeBytes: number;
}

/** The segments of one capture that hold fragments, in order; the one that is being written comes last. */
export interface SegmentSpans {
  readonly length: number;
  at(index: number): SegmentSpan;
  nameAt(index: number): string;
}

/** What is known of a capture without reading its files. */
export interface CaptureSegments {
  captureId: string;
  epochMs: number;
  anchors?: readonly Anchor[];
  sealed: SegmentTable;
  /** Fragments of the segment that is being written. */
  open: readonly StoredFragment[];
}

/** As the capture stands on the clock now; nothing is computed before it is asked for. */
export function spansOf(capture: CaptureSegments): SegmentSpans {
  const { sealed, open } = capture;
  return {
    length: sealed.length + (open.length > 0 ? 1 : 0),
    at: (index) => (index < sealed.length ? sealedSpan(capture, sealed.figuresAt(index)) : openSpan(capture)),
    nameAt: (index) => (index < sealed.length ? sealed.nameAt(index) : open[0]!.segment),
  };
}

function sealedSpan({ epochMs, anchors = [] }: CaptureSegments, sealed: SegmentFigures): SegmentSpan {
  const { sizeBytes, leanMs, lastStartMs, lastDurationMs } = sealed;
  const first = placeByAnchors({ startMs: sealed.startMs, durationMs: 0 }, anchors);
  const last = placeByAnchors({ startMs: lastStartMs, durationMs: lastDurationMs }, anchors);
  const endMs = epochMs + last.startMs + last.durationMs;
  return { sizeBytes, startMs: epochMs + first.startMs - leanMs, endMs };
}

function openSpan({ epochMs, open }: CaptureSegments): SegmentSpan {
  const [first, last] = [open[0]!, open.at(-1)!];
  const { offset, sizeBytes, startMs, durationMs } = last;
  return {
    sizeBytes: offset + sizeBytes,
    startMs: epochMs + leanFrom(first),
    endMs: epochMs + startMs + durationMs,
  };
}

/** Segments that touch a range: from the first index on, up to before the second one. */
export function touchedBy(spans: SegmentSpans, range: Span): [from: number, to: number] {
  const from = lowest(spans.length, (index) => spans.at(index).endMs > range.startMs);
  const to = lowest(spans.length, (index) => spans.at(index).startMs >= range.endMs);
  return [from, Math.max(from, to)];
}
