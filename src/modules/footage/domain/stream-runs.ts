import type { StreamRun } from '../../../schema/stream-index.js';
import { type CaptureFootage, type StoredFragment, type Take } from './footage.js';
import { groupSegments, type SegmentGroup } from './stream-segments.js';

/** Where a segment stands; the same for footage in the log and in an object. */
interface TimedSegment {
  startAtMs: number;
  durationMs: number;
}

/** A segment in the fragment log. */
export interface LiveSegment extends TimedSegment {
  id: string;
  fragments: readonly StoredFragment[];
  sizeBytes: number;
}

export interface LiveRun<C extends CaptureFootage = CaptureFootage> {
  capture: C;
  segments: LiveSegment[];
}

/** A segment in an object: mostly one piece of it. */
export interface StoredSegment extends TimedSegment {
  id: string;
  pieces: { offset: number; sizeBytes: number }[];
  sizeBytes: number;
}

/** Clocks of cameras are followed in smaller steps than this; a longer pause is one. */
const PAUSE_MS = 50;

/**
 * What can be shown of a recording: segments that will not change any more, with their final length.
 * @param isOver nothing will be added to these takes
 */
export function listLiveRuns<C extends CaptureFootage & { endedAtMs: number | null }>(
  takes: readonly Take<C>[],
  isOver: boolean,
): LiveRun<C>[] {
  return takes
    .map((take) => {
      const groups = groupSegments(take);
      const timed = upToNext(groups.map((group) => toLiveSegment(group, take.capture)));
      return { capture: take.capture, segments: isOver || isClosed(take) ? timed : timed.slice(0, -1) };
    })
    .filter(({ segments }) => segments.length > 0);
}

/** Whether the last group of a take is whole: a range that ends inside it may still be prolonged. */
function isClosed({ capture, fragments }: Take<CaptureFootage & { endedAtMs: number | null }>): boolean {
  const next = capture.fragments[capture.fragments.indexOf(fragments.at(-1)!) + 1];
  return next ? next.isSync : capture.endedAtMs !== null;
}

function toLiveSegment(
  { id, fragments, sizeBytes, startMs, durationMs }: SegmentGroup,
  { epochMs }: CaptureFootage,
): LiveSegment {
  return { id, fragments, sizeBytes, startAtMs: epochMs + startMs, durationMs };
}

/** The segments of a run in an object; the pieces of one belong together. */
export function listStoredSegments({ segments }: StreamRun): StoredSegment[] {
  const whole: StoredSegment[] = [];
  for (const { id, offset, sizeBytes, startAtMs, durationMs, continues } of segments) {
    const before = whole.at(-1);
    if (!before || !continues) {
      whole.push({ id, startAtMs, durationMs, sizeBytes, pieces: [{ offset, sizeBytes }] });
      continue;
    }
    before.pieces.push({ offset, sizeBytes });
    before.sizeBytes += sizeBytes;
    before.durationMs = startAtMs + durationMs - before.startAtMs;
  }
  return upToNext(whole);
}

/** Media time goes on during a pause inside a run, so the segment before it lasts until its end. */
function upToNext<T extends TimedSegment>(segments: readonly T[]): T[] {
  return segments.map((segment, index) => {
    const pauseMs = (segments[index + 1]?.startAtMs ?? 0) - segment.startAtMs - segment.durationMs;
    return pauseMs > PAUSE_MS ? { ...segment, durationMs: segment.durationMs + pauseMs } : segment;
  });
}
