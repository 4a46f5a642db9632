import type { EnvReader } from './env-reader.js';

/** How footage goes to the object store. */
export interface UploadConfig {
  /**
   * Size of a part, of which each upload keeps one or two in memory. R2 and S3 take no smaller ones than 5 MiB; larger ones make
   * fewer requests, but more is left to send when a recording ends. 10,000 parts make an object at most: at 5 MiB 48 GiB.
   */
  partBytes: number;
  /** Parts on the wire at once, over all uploads of this process: R2 gains nothing beyond about three, and each is memory. */
  parallel: number;
  /** What all uploads of this process may send together; 0: as much as the line takes. */
  maxBytesPerSec: number;
  /**
   * When the store has a part of a recording and its recorder is gone with the rest, the rest is waited for so long after the end: a
   * machine that restarts is back by then.
   */
  orphanWaitSec: number;
  /**
   * A store that refuses a recording is asked again for so long before it is given up, with its footage kept: a wrong rule or bucket is
   * mended within minutes once somebody sees what the playback says.
   */
  refusedSec: number;
  /** Recordings that have waited for longer to be stored are a backlog: by then the store is down, or the line too slow for the cameras. */
  backlogAfterSec: number;
  /** An unfinished upload of which no row knows is aborted after this long: nobody has begun it and not yet said so for a day. */
  staleSec: number;
}

const MIB = 1024 ** 2;
/** Below it a part of 5 MiB takes ten minutes and more, and a connection that waits for its turn looks dead to the store. */
const SLOWEST_BYTES_PER_SEC = 8_192;

/** Reads the `UPLOAD_…` variables. */
export function readUpload(reader: EnvReader): UploadConfig {
  const maxBytesPerSec = reader.int('UPLOAD_MAX_BYTES_PER_SEC', 0, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (maxBytesPerSec > 0 && maxBytesPerSec < SLOWEST_BYTES_PER_SEC) {
    reader.faults.push(`UPLOAD_MAX_BYTES_PER_SEC must be 0 (no limit) or at least ${SLOWEST_BYTES_PER_SEC}`);
  }
  return {
    partBytes: reader.int('UPLOAD_PART_BYTES', 5 * MIB, { min: 5 * MIB, max: 1_024 * MIB }),
    parallel: reader.int('UPLOAD_PARALLEL', 3, { min: 1, max: 64 }),
    maxBytesPerSec,
    orphanWaitSec: reader.int('UPLOAD_ORPHAN_WAIT_SEC', 60, { min: 0, max: 604_800 }),
    refusedSec: reader.int('UPLOAD_REFUSED_SEC', 600, { min: 0, max: 604_800 }),
    backlogAfterSec: reader.int('UPLOAD_BACKLOG_AFTER_SEC', 600, { min: 1, max: 604_800 }),
    staleSec: reader.int('UPLOAD_STALE_SEC', 86_400, { min: 60, max: 31_536_000 }),
  };
}
