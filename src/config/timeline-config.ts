import type { EnvReader } from './env-reader.js';

/** What may be asked about footage of continuous cameras at once. */
export interface TimelineConfig {
  /** Longest range of spans and gaps, and of days with their sums: 43,000 segments of a camera are read in about half a second. */
  maxSpanDays: number;
  /** Most days of one answer without sums: a year, of whichever length. */
  maxDays: number;
  /** Longest range of a playlist that is over: 24 hours are 14,400 lines of some 200 bytes, which compress to a twentieth. */
  maxPlaylistHours: number;
  /** A playlist that grows begins at most so long ago: players load all of it again every few seconds. */
  liveWindowMs: number;
  /** What a viewer's playlist names is kept for so long after each request for it: a pause, not an evening. */
  viewerPinMs: number;
}

/** Reads the variables of the timeline. */
export function readTimeline(reader: EnvReader): TimelineConfig {
  return {
    maxSpanDays: reader.int('FOOTAGE_SPANS_MAX_DAYS', 31, { min: 1, max: 366 }),
    maxDays: reader.int('FOOTAGE_DAYS_MAX', 366, { min: 1, max: 3_660 }),
    maxPlaylistHours: reader.int('FOOTAGE_PLAYLIST_MAX_HOURS', 24, { min: 1, max: 168 }),
    liveWindowMs: reader.int('FOOTAGE_LIVE_WINDOW_SEC', 3_600, { min: 60, max: 14_400 }) * 1_000,
    viewerPinMs: reader.int('FOOTAGE_VIEWER_PIN_SEC', 600, { min: 60, max: 86_400 }) * 1_000,
  };
}
