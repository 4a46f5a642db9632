import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkDisk } from '../../../src/modules/health/built-in-checks.js';

describe('checkDisk', () => {
  it('says how much is free', async () => {
    expect(await checkDisk(tmpdir(), 1)).toMatch(/^\d+\.\d GiB free, at least 0\.0 GiB wanted$/);
  });

  it('looks where a folder that is not there yet will be', async () => {
    expect(await checkDisk(join(tmpdir(), 'not', 'made', 'yet'), 0)).toContain('free');
  });

  it('fails when less is free than wanted', async () => {
    await expect(checkDisk(tmpdir(), Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: 'HEALTH.DISK_FULL',
      kind: 'unavailable',
    });
  });

  it('fails for a path that cannot be', async () => {
    await expect(checkDisk('/dev/null/x', 0)).rejects.toThrow('ENOTDIR');
  });
});
