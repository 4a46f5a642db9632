import type { StreamIndex } from '../../../schema/stream-index.js';
import { listStoredSegments, type StoredSegment } from '../../footage/index.js';

/** A segment of an object, and where its first picture stands in the video. */
export interface PlacedSegment extends StoredSegment {
  /** Index of its init segment. */
  init: number;
  atMs: number;
}

export interface ThumbnailPlan {
  segment: PlacedSegment;
  /** From the start of the segment. */
  afterMs: number;
}

export interface Grid {
  columns: number;
  rows: number;
}

/** What set off a camera is best seen a moment later. */
const AFTER_TRIGGER_MS = 500;
/** A camera that had to be woken begins so much after the trigger at most. */
const LATE_START_MS = 5_000;
const COLUMNS = 10;
const MAX_TILES = 100;

/** All segments of an object in the order they are shown. In the video, a pause lasts as long as it did. */
export function placeSegments({ runs }: StreamIndex): PlacedSegment[] {
  const segments = runs.flatMap((run) => listStoredSegments(run).map((segment) => ({ ...segment, init: run.init })));
  const startMs = segments[0]?.startAtMs ?? 0;
  return segments.map((segment) => ({ ...segment, atMs: Math.max(0, Math.round(segment.startAtMs - startMs)) }));
}

/**
 * The most telling moment: shortly after what triggered the recording, else the middle of the footage.
 * @param triggerAtMs wall clock; null: nothing triggered it
 */
export function planThumbnail(segments: readonly PlacedSegment[], triggerAtMs: number | null): ThumbnailPlan | null {
  const seenAtMs = triggerAtMs === null ? null : triggerAtMs + AFTER_TRIGGER_MS;
  const shown = segments.find(({ startAtMs, durationMs }) => seenAtMs !== null && seenAtMs < startAtMs + durationMs);
  if (shown && seenAtMs !== null && seenAtMs > shown.startAtMs - LATE_START_MS) {
    const afterMs = seenAtMs < shown.startAtMs ? AFTER_TRIGGER_MS : seenAtMs - shown.startAtMs;
    return { segment: shown, afterMs: Math.min(afterMs, shown.durationMs) };
  }
  let leftMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 2;
  for (const segment of segments) {
    if (leftMs < segment.durationMs) return { segment, afterMs: leftMs };
    leftMs -= segment.durationMs;
  }
  return null;
}

/** Segments whose key frames show the whole video at even steps, 100 at most. */
export function planTiles(segments: readonly PlacedSegment[]): PlacedSegment[] {
  if (segments.length <= MAX_TILES) return [...segments];
  const last = segments.at(-1)!;
  const stepMs = (last.atMs + last.durationMs) / MAX_TILES;
  const chosen = Array.from({ length: MAX_TILES }, (_, index) =>
    segments.findLast(({ atMs }) => atMs <= (index + 0.5) * stepMs),
  );
  return [...new Set(chosen)].filter((segment) => segment !== undefined);
}

/** As few rows as hold so many tiles. */
export function planGrid(tiles: number): Grid {
  return { columns: Math.min(COLUMNS, tiles), rows: Math.ceil(tiles / COLUMNS) };
}
