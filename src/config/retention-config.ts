import type { EnvReader } from './env-reader.js';

/** How long things are kept where no policy says it. */
export interface RetentionConfig {
  /** Of recordings; 0: for ever, since nobody wants a video to vanish that was not told so. */
  days: number;
  /** Of continuous footage. A week is what people look back, and 300 GB of a camera at 4 Mbit/s; for ever would fill any disk. */
  continuousDays: number;
  /** Of everything together; above it the oldest goes; 0: no limit. */
  maxBytes: number;
  /** So much of a disk of ours is kept free by deleting the oldest of what has a limit; undefined: by the size of the disk. */
  freeDiskTargetBytes: number | undefined;
}

const MAX_DAYS = 36_500;

/** Reads how long things are kept. */
export function readRetention(reader: EnvReader, { minFreeDiskBytes }: { minFreeDiskBytes: number }): RetentionConfig {
  const config: RetentionConfig = {
    days: reader.int('RETENTION_DAYS', 0, { min: 0, max: MAX_DAYS }),
    continuousDays: reader.int('RETENTION_DAYS_CONTINUOUS', 7, { min: 0, max: MAX_DAYS }),
    maxBytes: reader.int('STORAGE_MAX_BYTES', 0, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    freeDiskTargetBytes: readTarget(reader),
  };
  if (config.continuousDays === 0 && config.maxBytes === 0) {
    reader.faults.push(
      'RETENTION_DAYS_CONTINUOUS may be 0 only with STORAGE_MAX_BYTES: something must limit continuous footage',
    );
  }
  const target = config.freeDiskTargetBytes;
  if (target !== undefined && target > 0 && target <= minFreeDiskBytes) {
    reader.faults.push(
      'FREE_DISK_TARGET_BYTES must be more than MIN_FREE_DISK_BYTES: recording stops there before anything goes',
    );
  }
  return config;
}

function readTarget(reader: EnvReader): number | undefined {
  if (reader.optional('FREE_DISK_TARGET_BYTES') === 'auto') return undefined;
  const target = reader.int('FREE_DISK_TARGET_BYTES', -1, { min: 0, max: Number.MAX_SAFE_INTEGER });
  return target < 0 ? undefined : target;
}
