import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock, SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { type DiskState, DiskSpace } from '../../../src/modules/footage/disk-space.service.js';
import { Metrics } from '../../../src/modules/health/metrics.js';
import { createTestDatabase } from '../../support/database.js';
import { startTestApp } from '../../support/http-app.js';
import { mountSmallDisk, type SmallDisk } from '../../support/small-disk.js';
import { eventually } from '../../support/recorder/eventually.js';

const MIB = 1024 ** 2;
const MIN_FREE = { MIN_FREE_DISK_BYTES: String(8 * MIB), DISK_CHECK_MS: '100' };

class MovableClock extends SystemClock {
  aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

describe('DiskSpace', () => {
  let disk: SmallDisk;
  let metrics: Metrics;
  let told: DiskState[];
  const lines: string[] = [];
  beforeEach(async () => {
    disk = await mountSmallDisk(32);
    metrics = new Metrics();
    told = [];
  });
  afterEach(() => disk.remove());

  function watch(env: Record<string, string> = {}, clock: Clock = new SystemClock()): DiskSpace {
    const config = loadConfig({ RECORD_DIR: disk.dir, ...MIN_FREE, ...env });
    const space = new DiskSpace(
      config,
      clock,
      createLogger('info', (line) => lines.push(line)),
      metrics,
    );
    space.onChange((state) => told.push(state));
    return space;
  }

  it('is low below the minimum, and good again only somewhat above it', async () => {
    const space = watch();
    await space.check();
    expect([space.isLow, space.freeBytes, space.resumeAtBytes]).toEqual([false, 32 * MIB, 11 * MIB]);
    await disk.fill('most', 22);
    await space.check();
    expect([space.isLow, space.freeBytes]).toEqual([false, 10 * MIB]);
    await disk.fill('more', 3);
    await space.check();
    expect([space.isLow, space.freeBytes]).toEqual([true, 7 * MIB]);
    await disk.empty('more');
    await space.check();
    expect([space.isLow, space.freeBytes]).toEqual([true, 10 * MIB]);
    await disk.empty('most');
    await space.check();
    expect([space.isLow, space.freeBytes]).toEqual([false, 32 * MIB]);
    expect(told).toEqual(['low', 'ok']);
  });

  it('notices by itself, and says so once in the log and in the metrics', async () => {
    lines.length = 0;
    const space = watch();
    await space.onModuleInit();
    try {
      expect(await metrics.text()).toMatch(/^hindsight_disk_low 0$/m);
      await disk.fill('most', 30);
      await eventually(() => expect(told).toEqual(['low']));
      expect(await metrics.text()).toMatch(/^hindsight_disk_low 1$/m);
      // It may have looked while the disk was still being filled.
      await eventually(async () =>
        expect(await metrics.text()).toMatch(new RegExp(`^hindsight_disk_free_bytes ${2 * MIB}$`, 'm')),
      );
      await disk.empty('most');
      await eventually(() => expect(told).toEqual(['low', 'ok']));
      expect(lines).toHaveLength(2);
    } finally {
      space.beforeApplicationShutdown();
    }
  });

  it('believes a write that found no room, for a while also against what the disk says', async () => {
    const clock = new MovableClock();
    const space = watch({ MIN_FREE_DISK_BYTES: '0' }, clock);
    await space.check();
    space.noteFull();
    expect([space.isLow, told]).toEqual([true, ['low']]);
    await space.check();
    expect(space.isLow).toBe(true);
    clock.aheadMs = 11_000;
    await space.check();
    expect([space.isLow, told]).toEqual([false, ['low', 'ok']]);
  });

  it('is not held by a clock that is set back', async () => {
    const clock = new MovableClock();
    const space = watch({ MIN_FREE_DISK_BYTES: '0' }, clock);
    space.noteFull();
    clock.aheadMs = -3_600_000;
    await space.check();
    expect(space.isLow).toBe(false);
  });

  it('stays low on a disk that is really full, however long ago a write found no room', async () => {
    const clock = new MovableClock();
    const space = watch({ MIN_FREE_DISK_BYTES: '0' }, clock);
    await disk.fill('all', 31);
    await expect(disk.fill('more', 2)).rejects.toMatchObject({ code: 'ENOSPC' });
    space.noteFull();
    clock.aheadMs = 3_600_000;
    await space.check();
    expect(space.isLow).toBe(true);
  });

  it('looks where a folder that is not there yet will be', async () => {
    const space = watch({ RECORD_DIR: join(disk.dir, 'not', 'made', 'yet') });
    await space.check();
    expect([space.isLow, space.freeBytes]).toEqual([false, 32 * MIB]);
  });

  it('counts a disk that cannot be looked at as too full, and says why', async () => {
    const space = watch({ RECORD_DIR: '/dev/null/x' });
    await space.check();
    expect([space.isLow, space.freeBytes, space.unreadable]).toEqual([true, 0, expect.stringContaining('ENOTDIR')]);
  });

  it('is what readiness says', async () => {
    const database = await createTestDatabase();
    const app = await startTestApp(database, { RECORD_DIR: disk.dir, ...MIN_FREE });
    const check = async () => (await app.call('GET', '/health/ready')).json['checks'].disk as unknown;
    try {
      expect(await check()).toEqual({ ok: true, detail: '0.0 GiB free, at least 0.0 GiB wanted' });
      await disk.fill('most', 30);
      expect(await check()).toEqual({ ok: false, detail: expect.stringContaining('MIN_FREE_DISK_BYTES') });
      await disk.empty('most');
      expect(await check()).toMatchObject({ ok: true });
    } finally {
      await app.close();
      await database.drop();
    }
  });
});
