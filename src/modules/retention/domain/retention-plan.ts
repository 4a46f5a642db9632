import { type CaptureFootage, leanFrom } from '../../footage/index.js';

/** A capture in the log, as far as its deletion goes. */
export interface RetainedCapture extends CaptureFootage {
  cameraId: string;
  /** The segment that is being written; null once the capture has ended. */
  openSegment: string | null;
}

/** Footage that must stay; `endMs` null: up to now and on. */
export interface NeededRange {
  cameraId: string;
  startMs: number;
  endMs: number | null;
}

export interface Release<C extends RetainedCapture> {
  capture: C;
  segments: 'all' | string[];
}

/** Which segments nobody needs any more. The open segment always stays; an ended capture goes as a whole when nothing of it is needed. */
export function planRelease<C extends RetainedCapture>(
  captures: readonly C[],
  needed: readonly NeededRange[],
): Release<C>[] {
  return captures.flatMap((capture): Release<C>[] => {
    const ranges = needed.filter(({ cameraId }) => cameraId === capture.cameraId);
    const spans = segmentSpans(capture);
    const free = [...spans]
      .filter(([segment, span]) => segment !== capture.openSegment && !isNeeded(span, ranges))
      .map(([name]) => name);
    if (capture.openSegment === null && free.length === spans.size) return [{ capture, segments: 'all' }];
    return free.length > 0 ? [{ capture, segments: free }] : [];
  });
}

interface Span {
  startMs: number;
  endMs: number;
}

function segmentSpans({ epochMs, fragments }: RetainedCapture): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const fragment of fragments) {
    const { segment, startMs, durationMs } = fragment;
    const endMs = epochMs + startMs + durationMs;
    const span = spans.get(segment);
    if (span) span.endMs = endMs;
    else spans.set(segment, { startMs: epochMs + leanFrom(fragment), endMs });
  }
  return spans;
}

function isNeeded(span: Span, ranges: readonly NeededRange[]): boolean {
  return ranges.some(({ startMs, endMs }) => span.endMs > startMs && (endMs === null || span.startMs < endMs));
}
