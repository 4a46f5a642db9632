import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/app-config.js';

describe('the configuration of uploads', () => {
  it('has defaults that R2 takes', () => {
    const { upload, storage } = loadConfig({});
    expect(upload).toEqual({
      ...{ partBytes: 5_242_880, parallel: 3, maxBytesPerSec: 0 },
      ...{ orphanWaitSec: 60, refusedSec: 600, backlogAfterSec: 600, staleSec: 86_400 },
    });
    expect(storage.hlsProxy).toBe(false);
    expect(Object.isFrozen(upload)).toBe(true);
  });

  it('can be set', () => {
    const { upload, storage } = loadConfig({
      UPLOAD_PART_BYTES: '1073741824',
      UPLOAD_PARALLEL: '64',
      UPLOAD_MAX_BYTES_PER_SEC: '8192',
      UPLOAD_ORPHAN_WAIT_SEC: '5',
      UPLOAD_REFUSED_SEC: '0',
      UPLOAD_BACKLOG_AFTER_SEC: '30',
      UPLOAD_STALE_SEC: '60',
      HLS_PROXY: 'true',
    });
    expect(upload).toEqual({
      ...{ partBytes: 1_073_741_824, parallel: 64, maxBytesPerSec: 8_192 },
      ...{ orphanWaitSec: 5, refusedSec: 0, backlogAfterSec: 30, staleSec: 60 },
    });
    expect(storage.hlsProxy).toBe(true);
  });

  it.each([
    ['UPLOAD_PART_BYTES', '5242879'],
    ['UPLOAD_PART_BYTES', '1073741825'],
    ['UPLOAD_PARALLEL', '0'],
    ['UPLOAD_PARALLEL', '65'],
    ['UPLOAD_MAX_BYTES_PER_SEC', '1'],
    ['UPLOAD_MAX_BYTES_PER_SEC', '8191'],
    ['UPLOAD_MAX_BYTES_PER_SEC', '-1'],
    ['UPLOAD_BACKLOG_AFTER_SEC', '0'],
    ['UPLOAD_STALE_SEC', '59'],
    ['HLS_PROXY', 'yes'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(name);
  });
});
