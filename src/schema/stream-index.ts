/**
 * Where the fragments of a recording lie in its object, so that players can be given byte ranges of it.
 * A run is footage of one capture without a pause; between two runs the time of the stream jumps.
 */
export interface StreamIndex {
  /** Init segments (`ftyp` and `moov` of fragmented MP4), base64. */
  inits: string[];
  runs: StreamRun[];
}

export interface StreamRun {
  /** Index in `inits`. */
  init: number;
  segments: StreamSegment[];
}

/** Whole fragments in a row (`moof`, `mdat`, `moof`, `mdat` …), the first of which begins with a key frame. */
export interface StreamSegment {
  /** The same while it is recorded and afterwards: `{captureId}-{start in the capture, whole ms}`. */
  id: string;
  /** In the object. */
  offset: number;
  sizeBytes: number;
  /** Wall clock, milliseconds since the epoch. */
  startAtMs: number;
  durationMs: number;
  /** The rest of the segment before it, whose bytes lie elsewhere: it begins with no key frame. */
  continues?: true;
}
