import { resolve } from 'node:path';
import type { EnvReader } from './env-reader.js';

/** How footage of continuous cameras is kept. */
export interface FootageConfig {
  /** Where it goes. Apart from STORAGE_MODE: fifty cameras at 4 Mbit/s are 200 Mbit/s of uplink for ever. */
  store: 'local' | 'r2';
  /** Root of the archive where it is local. In the file system of RECORD_DIR a segment gets a second name there, elsewhere it is copied. */
  dir: string;
  /** A segment is closed at the first key frame after so much footage. At a minute, requests cost a hundredth of the storage that they fill. */
  segmentMs: number;
  /** And has at least so many bytes, up to `segmentMaxMs`: an object below 5 MiB cannot be copied by a store. */
  segmentMinBytes: number;
  /** It is closed after so much footage whatever it weighs: it is the most that is lost with a machine, and the grain of retention. */
  segmentMaxMs: number;
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
  const segmentSec = reader.int('FOOTAGE_SEGMENT_SEC', 60, { min: 2, max: 300 });
  return {
    store: reader.oneOf('FOOTAGE_STORE', ['local', 'r2'], mode),
    dir: resolve(reader.text('FOOTAGE_DIR', `${dataDir}/footage`)),
    segmentMs: segmentSec * 1_000,
    segmentMinBytes: reader.int('FOOTAGE_SEGMENT_MIN_BYTES', 8 * 1024 * 1024, { min: 0, max: 256 * 1024 * 1024 }),
    segmentMaxMs: Math.max(300_000, segmentSec * 1_000),
    parallel: reader.int('FOOTAGE_PARALLEL', 2, { min: 1, max: 16 }),
    backlogAfterSec: reader.int('FOOTAGE_BACKLOG_AFTER_SEC', 600, { min: 10, max: 86_400 }),
  };
}
