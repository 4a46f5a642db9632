/** A media playlist (RFC 8216) of fragmented MP4. */
export interface MediaPlaylist {
  /** `EVENT`: it only grows. `VOD`: it stays as it is. */
  type: 'EVENT' | 'VOD';
  /** No segment will follow. */
  isEnded: boolean;
  /** Whole seconds; no segment is longer, rounded. */
  targetSec: number;
  runs: PlaylistRun[];
}

/** Segments on one clock; the next run has another one. */
export interface PlaylistRun {
  /** Where its init segment is. */
  initUri: string;
  segments: PlaylistSegment[];
}

export interface PlaylistSegment {
  uri: string;
  /** When it is a part of what is there. */
  byteRange?: { sizeBytes: number; offset: number } | undefined;
  /** Wall clock, milliseconds since the epoch. */
  startAtMs: number;
  /** Up to the next segment of its run. */
  durationMs: number;
}

/** Players count the wall clock on from the last date that they were given; it is given again when it is off by more than this. */
const DATE_TOLERANCE_MS = 100;

/** The text of a playlist. */
export function formatPlaylist({ type, isEnded, targetSec, runs }: MediaPlaylist): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${targetSec}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${type}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...runs.flatMap((run, index) => [...(index > 0 ? ['#EXT-X-DISCONTINUITY'] : []), ...formatRun(run)]),
    ...(isEnded ? ['#EXT-X-ENDLIST'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function formatRun({ initUri, segments }: PlaylistRun): string[] {
  const lines = [`#EXT-X-MAP:URI="${initUri}"`];
  let dateMs = -Infinity;
  for (const { uri, byteRange, startAtMs, durationMs } of segments) {
    if (Math.abs(startAtMs - dateMs) > DATE_TOLERANCE_MS) {
      dateMs = startAtMs;
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(startAtMs)).toISOString()}`);
    }
    dateMs += durationMs;
    lines.push(`#EXTINF:${(durationMs / 1_000).toFixed(6)},`);
    if (byteRange) lines.push(`#EXT-X-BYTERANGE:${byteRange.sizeBytes}@${byteRange.offset}`);
    lines.push(uri);
  }
  return lines;
}

/** The first segments of a live playlist that tell how long segments are: a camera's first key frame often comes out of turn. */
const TELLING_MS = 2_000;
/** What follows may be longer than what was seen: a dropped key frame, a picture that stood still. */
const HEADROOM = 1.5;
/** Players ask for a live playlist as often as this says: less than most of them wait for each other. */
const MIN_TARGET_SEC = 4;

/**
 * The EXT-X-TARGETDURATION of a playlist that grows, which may not change: only the first segments have a say, so it is the same
 * whenever it is asked.
 * @param durationsMs of the segments so far, in order
 * @returns null while there are too few to tell
 */
export function planTargetSec(durationsMs: readonly number[]): number | null {
  let [totalMs, longestMs] = [0, 0];
  for (const durationMs of durationsMs) {
    totalMs += durationMs;
    longestMs = Math.max(longestMs, durationMs);
    if (totalMs >= TELLING_MS) return Math.max(MIN_TARGET_SEC, Math.ceil((longestMs * HEADROOM) / 1_000));
  }
  return null;
}

/** The EXT-X-TARGETDURATION of a playlist that is whole: not less than it was while it grew. */
export function finalTargetSec(durationsMs: readonly number[]): number {
  const longestSec = Math.ceil(durationsMs.reduce((most, durationMs) => Math.max(most, durationMs), 0) / 1_000);
  return Math.max(planTargetSec(durationsMs) ?? MIN_TARGET_SEC, longestSec);
}
