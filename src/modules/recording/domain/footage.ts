import type { Span } from './ledger.js';

/** A fragment where it lies on disk; times count from the start of its capture. */
export interface StoredFragment {
  /** Segment file inside the capture's folder. */
  segment: string;
  offset: number;
  moofBytes: number;
  /** moof and mdat together. */
  sizeBytes: number;
  startMs: number;
  durationMs: number;
  frames: number;
  isSync: boolean;
}

/** What a selection needs to know of a capture. */
export interface CaptureFootage {
  captureId: string;
  /** Wall-clock instant of the capture's media time 0, milliseconds since the epoch. */
  epochMs: number;
  configDigest: string;
  fragments: readonly StoredFragment[];
}

/** Consecutive fragments of one capture, from a key frame on. */
export interface Take<C extends CaptureFootage = CaptureFootage> {
  capture: C;
  fragments: readonly StoredFragment[];
  /** Wall clock. */
  span: Span;
}

/**
 * The footage that covers `range`, in order of time. A take begins at the last key frame at or before the range's start
 * (or at the first one after it, when that is all there is) and ends with the fragment that reaches the range's end.
 */
export function selectFootage<C extends CaptureFootage>(captures: readonly C[], range: Span): Take<C>[] {
  return captures.flatMap((capture) => takeFrom(capture, range) ?? []).sort((a, b) => a.span.startMs - b.span.startMs);
}

function takeFrom<C extends CaptureFootage>(capture: C, range: Span): Take<C> | null {
  const { epochMs, fragments } = capture;
  const first = fragments.findIndex((fragment) => epochMs + fragment.startMs + fragment.durationMs > range.startMs);
  if (first < 0) return null;
  let end = first;
  while (end < fragments.length && epochMs + fragments[end]!.startMs < range.endMs) end += 1;
  let start = first;
  while (start > 0 && !fragments[start]!.isSync) start -= 1;
  while (start < end && !fragments[start]!.isSync) start += 1;
  const chosen = fragments.slice(start, end);
  const last = chosen.at(-1);
  if (!last) return null;
  return {
    capture,
    fragments: chosen,
    span: { startMs: epochMs + chosen[0]!.startMs, endMs: epochMs + last.startMs + last.durationMs },
  };
}
