import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RetentionIncidents } from '../../../src/modules/retention/retention-incidents.js';
import type { Condition } from '../../../src/modules/incident/domain/condition.js';
import type { IncidentCheck, IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import { daysAgo, MINUTE_MS, RetentionRig, SEGMENT_BYTES } from './retention-rig.js';

const minutesAfter = (at: Date, minutes: number) => new Date(at.getTime() + minutes * MINUTE_MS);

/** What the monitor is told. */
async function conditionsOf(rig: RetentionRig): Promise<Condition[]> {
  const checks: IncidentCheck[] = [];
  const monitor = { register: (check: IncidentCheck) => checks.push(check) } as unknown as IncidentMonitor;
  new RetentionIncidents(monitor, rig.rooms).onModuleInit();
  return checks[0]!.find(rig.clock.now(), rig.dataSource.manager);
}

describe('a disk that fills', () => {
  let rig: RetentionRig;
  let yard: string;
  let door: string;

  beforeAll(async () => {
    rig = await RetentionRig.open({ FREE_DISK_TARGET_BYTES: '100' });
  });
  afterAll(() => rig.close());
  beforeEach(async () => {
    await rig.empty();
    rig.disks.footage = rig.disks.playbacks = { device: 1, freeBytes: 1_000, totalBytes: 1_000 };
    [yard, door] = [await rig.insertCamera(), await rig.insertCamera({ name: 'door' })];
  });

  const free = (freeBytes: number) => {
    rig.disks.footage = rig.disks.playbacks = { device: 1, freeBytes, totalBytes: 1_000 };
  };

  it('takes nothing while there is as much room as there should be', async () => {
    await rig.insertFootage(yard, daysAgo(1), 3);
    free(100);
    expect(await rig.room.make()).toBe(false);
    expect(await rig.segmentStarts(yard)).toHaveLength(3);
  });

  it('takes the oldest of all cameras, as much as is missing, and says so', async () => {
    await rig.insertFootage(yard, daysAgo(2), 3);
    await rig.insertFootage(door, minutesAfter(daysAgo(2), 1), 3);
    free(100 - 3 * SEGMENT_BYTES);
    expect(await rig.room.make()).toBe(true);
    expect(await rig.segmentStarts(yard)).toEqual([minutesAfter(daysAgo(2), 2)]);
    expect(await rig.segmentStarts(door)).toHaveLength(2);
    expect(await rig.removalsOf(yard)).toMatchObject([{ cause: 'disk', sizeBytes: 2 * SEGMENT_BYTES }]);
  });

  it('takes nothing while its store is not there: another disk is looked at then', async () => {
    await rig.insertFootage(yard, daysAgo(2), 3);
    free(0);
    await rig.withoutMark(async () => {
      await rig.room.make();
      expect(await rig.segmentStarts(yard)).toHaveLength(3);
    });
    await rig.setPolicy({ kind: 'manual', days: 30 });
    const id = await rig.insertPlayback(yard, daysAgo(1));
    await rig.playbacks.delete(`playbacks/${id}/video.mp4`);
    await rig.room.make();
    expect([await rig.segmentStarts(yard), await rig.playbackIds()]).toMatchObject([[{}, {}, {}], [id]]);
  });

  it('counts what waits to be deleted as free', async () => {
    await rig.insertFootage(yard, daysAgo(2), 5);
    free(100 - 2 * SEGMENT_BYTES);
    await rig.room.make();
    await rig.room.make();
    expect(await rig.segmentStarts(yard)).toHaveLength(3);
  });

  it('takes from playbacks what has a limit, and nothing that is kept for ever', async () => {
    const kept = await rig.insertPlayback(yard, daysAgo(3));
    await rig.setPolicy({ cameraId: door, days: 30 });
    await rig.insertPlayback(door, daysAgo(2));
    free(0);
    await rig.room.make();
    expect(await rig.playbackIds()).toEqual([kept]);
  });

  it('of footage alone leaves playbacks on another disk be', async () => {
    await rig.setPolicy({ days: 30 });
    const id = await rig.insertPlayback(yard, daysAgo(3));
    await rig.insertFootage(yard, daysAgo(1), 2);
    rig.disks.footage = { device: 2, freeBytes: 0, totalBytes: 1_000 };
    await rig.room.make();
    expect([await rig.playbackIds(), await rig.segmentStarts(yard)]).toEqual([[id], []]);
  });

  it('is an incident when what is left is held, that names what takes the most, until there is room', async () => {
    await rig.insertFootage(yard, daysAgo(2), 3);
    await rig.pin(yard, daysAgo(3), daysAgo(1));
    free(50);
    expect(await conditionsOf(rig)).toEqual([]);
    await rig.room.make();
    const [condition] = await conditionsOf(rig);
    expect(condition).toMatchObject({ since: rig.clock.now(), detail: expect.stringContaining('yard (continuous)') });
    expect(await rig.segmentStarts(yard)).toHaveLength(3);
    rig.clock.ms += MINUTE_MS;
    await rig.room.make();
    expect(await conditionsOf(rig)).toMatchObject([{ since: condition!.since }]);
    free(100);
    await rig.room.make();
    expect(await conditionsOf(rig)).toEqual([]);
  });

  it('that is full of what is not ours is no incident of this kind', async () => {
    free(0);
    await rig.room.make();
    expect(await conditionsOf(rig)).toEqual([]);
  });

  it('is made room on by one process at a time', async () => {
    await rig.insertFootage(yard, daysAgo(2), 5);
    free(100 - 2 * SEGMENT_BYTES);
    await Promise.all([rig.room.make(), rig.room.make(), rig.room.make()]);
    expect(await rig.segmentStarts(yard)).toHaveLength(3);
  });

  it('takes nothing that is younger than it must be kept', async () => {
    await rig.setPolicy({ cameraId: yard, kind: 'continuous', keepDays: 3 });
    await rig.insertFootage(yard, daysAgo(2), 2);
    free(0);
    await rig.room.make();
    expect(await rig.segmentStarts(yard)).toHaveLength(2);
  });
});

describe('a total', () => {
  let rig: RetentionRig;
  beforeAll(async () => {
    rig = await RetentionRig.open({ STORAGE_MAX_BYTES: '150' });
  });
  afterAll(() => rig.close());

  it('takes continuous footage before playbacks, and those that are kept for ever, too', async () => {
    const cameraId = await rig.insertCamera();
    await rig.insertPlayback(cameraId, daysAgo(9));
    const newer = await rig.insertPlayback(cameraId, daysAgo(3));
    await rig.insertFootage(cameraId, daysAgo(1), 3);
    await rig.room.make();
    expect([await rig.playbackIds(), await rig.segmentStarts(cameraId)]).toEqual([[newer], []]);
    expect(await rig.removalsOf(cameraId)).toMatchObject([{ cause: 'quota' }]);
  });
});
