import type { IndexedSegment } from '../archive/index.js';
import { wasRecorded } from './domain/gaps.js';
import { formatSegmentCursor } from './domain/segment-cursor.js';
import type {
  FootageDayResponse,
  FootageSegmentResponse,
  FootageSegmentsResponse,
  FootageSpansResponse,
} from './timeline.response.js';
import type { FootageDay, FootageSpans } from './timeline.service.js';

export function toSpansResponse({
  range,
  spans,
  gaps,
  coveredMs,
  shortGapsMs,
  oldestAt,
}: FootageSpans): FootageSpansResponse {
  return {
    from: toIso(range.startMs),
    to: toIso(range.endMs),
    spans: spans.map(({ startMs, endMs, place, configDigest, sizeBytes }) => ({
      ...{ startAt: toIso(startMs), endAt: toIso(endMs), place, config: configDigest, bytes: sizeBytes },
    })),
    gaps: gaps.map(({ startMs, endMs, cause }) => ({
      ...{ startAt: toIso(startMs), endAt: toIso(endMs), cause, wasRecorded: wasRecorded(cause) },
    })),
    ...{ expectedMs: range.endMs - range.startMs, coveredMs, shortGapsMs, oldestAt: oldestAt?.toISOString() ?? null },
  };
}

/** @param segments one more than `limit`, if there are so many */
export function toSegmentsResponse(segments: readonly IndexedSegment[], limit: number): FootageSegmentsResponse {
  const shown = segments.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(toSegment), nextCursor: last && segments.length > limit ? formatSegmentCursor(last) : null };
}

export function toDay({ date, startMs, endMs, hasFootage, isLocked, sums }: FootageDay): FootageDayResponse {
  const hours = (endMs - startMs) / 3_600_000;
  return { date, startAt: toIso(startMs), endAt: toIso(endMs), hours, hasFootage, locked: isLocked, ...sums };
}

function toSegment(segment: IndexedSegment): FootageSegmentResponse {
  const { startMs, endMs, captureKey, number, sizeBytes, frames, md5Hex, state, absence, key } = segment;
  return {
    ...{ startAt: toIso(startMs), endAt: toIso(endMs), capture: captureKey, number, sizeBytes, frames, md5: md5Hex },
    state: absence ?? state,
    ...(state === 'stored' && absence !== 'missing' ? { key } : {}),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
