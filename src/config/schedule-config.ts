import type { EnvReader } from './env-reader.js';

/** How scheduled recordings begin. */
export interface ScheduleConfig {
  /**
   * The camera is opened so long before the first frame that is wanted: it takes a cold camera some seconds to its first picture, and each one
   * has its own moment in the first two thirds of this time, so that a hundred cameras are not opened at once.
   */
  leadSec: number;
}

/** Reads the `SCHEDULE_…` variables. */
export function readSchedules(reader: EnvReader): ScheduleConfig {
  return { leadSec: reader.int('SCHEDULE_LEAD_SEC', 15, { min: 0, max: 300 }) };
}
