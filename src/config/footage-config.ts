import { resolve } from 'node:path';
import type { EnvReader } from './env-reader.js';

/** How footage of continuous cameras is kept. */
export interface FootageConfig {
  /** Where it goes. Apart from STORAGE_MODE: fifty cameras at 4 Mbit/s are 200 Mbit/s of uplink for ever. */
  store: 'local' | 'r2';
  /** Root of the archive where it is local. In the file system of RECORD_DIR a segment gets a second name there, elsewhere it is copied. */
  dir: string;
  segments: {
    /** A segment is closed at the first key frame after so much footage. At a minute, requests cost a hundredth of the storage that they fill. */
    segmentMs: number;
    /** And has at least so many bytes, up to `maxMs`: an object below 5 MiB cannot be copied by a store. */
    minBytes: number;
    /** It is closed at the first key frame after so much footage whatever it weighs: it is what is lost with a machine, and the grain of retention. */
    maxMs: number;
    /** It is closed then without a key frame: rows are found by their start, and none may be longer than an hour. */
    boundMs: number;
  };
  /** Segments that are sent at once by this process. Events are to have the uplink first. */
  parallel: number;
  /** Segments that have waited for so long are a backlog, which is an incident: a store that was only restarted is back. */
  backlogAfterSec: number;
}

/** Reads the `FOOTAGE_…` variables of the archive. */
export function readFootage(
  reader: EnvReader,
  { mode, dataDir }: { mode: 'local' | 'r2'; dataDir: string },
): FootageConfig {
  return {
    store: reader.oneOf('FOOTAGE_STORE', ['local', 'r2'], mode),
    dir: resolve(reader.text('FOOTAGE_DIR', `${dataDir}/footage`)),
    segments: {
      segmentMs: reader.int('FOOTAGE_SEGMENT_SEC', 60, { min: 2, max: 300 }) * 1_000,
      minBytes: reader.int('FOOTAGE_SEGMENT_MIN_BYTES', 8 * 1024 * 1024, { min: 0, max: 256 * 1024 * 1024 }),
      maxMs: 300_000,
      boundMs: 50 * 60_000,
    },
    parallel: reader.int('FOOTAGE_PARALLEL', 2, { min: 1, max: 16 }),
    backlogAfterSec: reader.int('FOOTAGE_BACKLOG_AFTER_SEC', 600, { min: 10, max: 86_400 }),
  };
}
