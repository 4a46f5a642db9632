import type { EnvReader } from './env-reader.js';

/** When something that is wrong becomes an incident. */
export interface IncidentConfig {
  /** Every process looks this often. With `afterSec` it makes the minute within which an incident is there; a look is a few small queries. */
  checkMs: number;
  /**
   * What is over sooner is none: a camera that restarts is back within it, and a recording waits 30 s at most (CAMERA_START_TIMEOUT_MS)
   * for one that says nothing.
   */
  afterSec: number;
}

/** Reads the `INCIDENT_…` variables. */
export function readIncidents(reader: EnvReader): IncidentConfig {
  return {
    checkMs: reader.int('INCIDENT_CHECK_MS', 15_000, { min: 1_000, max: 3_600_000 }),
    afterSec: reader.int('INCIDENT_AFTER_SEC', 45, { min: 0, max: 86_400 }),
  };
}
