import { describe, expect, it } from '@jest/globals';
import { EnvReader } from '../../../src/config/env-reader.js';
import { readSchedules } from '../../../src/config/schedule-config.js';

describe('readSchedules', () => {
  it('opens a camera a quarter of a minute early unless told otherwise, and at most five minutes', () => {
    expect(readSchedules(new EnvReader({}))).toEqual({ leadSec: 15 });
    expect(readSchedules(new EnvReader({ SCHEDULE_LEAD_SEC: '0' }))).toEqual({ leadSec: 0 });
    const reader = new EnvReader({ SCHEDULE_LEAD_SEC: '301' });
    readSchedules(reader);
    expect(reader.faults).toHaveLength(1);
  });
});
