import type { EnvReader } from './env-reader.js';

/** How exports are made. */
export interface ExportConfig {
  /** The longest range of one export: a day of a 4 Mbit/s camera is 43 GB, and its tables take a hundred MB of memory. */
  maxHours: number;
  /** Exports that this process makes at once: each reads as fast as it may send, beside recordings. */
  parallel: number;
}

/** Reads the `EXPORT_…` variables. */
export function readExport(reader: EnvReader): ExportConfig {
  return {
    maxHours: reader.int('EXPORT_MAX_HOURS', 24, { min: 1, max: 24 }),
    parallel: reader.int('EXPORT_PARALLEL', 2, { min: 1, max: 16 }),
  };
}
