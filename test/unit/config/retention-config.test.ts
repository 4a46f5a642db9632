import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/app-config.js';

describe('how long things are kept', () => {
  it('is a week for continuous footage, for ever for recordings, and by the size of the disk', () => {
    const { retention } = loadConfig({});
    expect(retention).toEqual({ days: 0, continuousDays: 7, maxBytes: 0, freeDiskTargetBytes: undefined });
    expect(loadConfig({ FREE_DISK_TARGET_BYTES: 'auto' }).retention).toEqual(retention);
  });

  it('is for ever for continuous footage only where everything together has a limit', () => {
    expect(() => loadConfig({ RETENTION_DAYS_CONTINUOUS: '0' })).toThrow(
      'RETENTION_DAYS_CONTINUOUS may be 0 only with',
    );
    const limited = loadConfig({ RETENTION_DAYS_CONTINUOUS: '0', STORAGE_MAX_BYTES: '1000' });
    expect(limited.retention).toMatchObject({ continuousDays: 0, maxBytes: 1_000 });
  });

  it('takes no target at which recording has stopped already; 0 is none', () => {
    const stop = { MIN_FREE_DISK_BYTES: '1000' };
    expect(() => loadConfig({ ...stop, FREE_DISK_TARGET_BYTES: '1000' })).toThrow(
      'must be more than MIN_FREE_DISK_BYTES',
    );
    expect(() => loadConfig({ ...stop, FREE_DISK_TARGET_BYTES: 'much' })).toThrow('FREE_DISK_TARGET_BYTES must be');
    expect(loadConfig({ ...stop, FREE_DISK_TARGET_BYTES: '1001' }).retention.freeDiskTargetBytes).toBe(1_001);
    expect(loadConfig({ ...stop, FREE_DISK_TARGET_BYTES: '0' }).retention.freeDiskTargetBytes).toBe(0);
  });
});
