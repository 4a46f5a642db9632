import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CameraEvent } from '../../../src/schema/event.entity.js';
import { FootageSegment } from '../../../src/schema/footage.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { DAY_MS, daysAgo, MINUTE_MS, NOON_MS, RetentionRig, SEGMENT_BYTES } from './retention-rig.js';

let rig: RetentionRig;
let cameraId: string;

beforeAll(async () => {
  rig = await RetentionRig.open();
});
afterAll(() => rig.close());
beforeEach(async () => {
  await rig.empty();
  cameraId = await rig.insertCamera();
});

const after = (at: Date, minutes: number) => new Date(at.getTime() + minutes * MINUTE_MS);

async function expectRightCounts(): Promise<void> {
  const { counted, recounted } = await rig.usage();
  expect(counted).toEqual(recounted);
}

describe('continuous footage', () => {
  it('goes after a week: rows, then objects, and one removal tells of the stretch', async () => {
    const old = after(daysAgo(7), -3);
    const keys = await rig.insertFootage(cameraId, old, 5);
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([after(old, 3), after(old, 4)]);
    const removal = { startAt: old, endAt: daysAgo(7), cause: 'retention', sizeBytes: 3 * SEGMENT_BYTES };
    expect(await rig.removalsOf(cameraId)).toEqual([removal]);
    expect((await rig.tombstones()).map(({ store, key }) => [store, key])).toEqual(
      keys.slice(0, 3).map((key) => ['footage', key]),
    );
    expect(await rig.footageKeys()).toEqual(keys);
    await expectRightCounts();

    await rig.purger.purge();
    expect([await rig.footageKeys(), await rig.tombstones()]).toEqual([keys.slice(3), []]);
  });

  it('grows one removal while the camera goes on, and another one behind a gap', async () => {
    const old = daysAgo(8);
    await rig.insertFootage(cameraId, old, 2);
    await rig.retention.clean(cameraId);
    await rig.insertFootage(cameraId, after(old, 2), 2);
    await rig.insertFootage(cameraId, after(old, 10), 1);
    await rig.retention.clean(cameraId);
    expect(await rig.removalsOf(cameraId)).toMatchObject([
      { startAt: old, endAt: after(old, 4), sizeBytes: 4 * SEGMENT_BYTES },
      { startAt: after(old, 10), endAt: after(old, 11) },
    ]);
  });

  it('stays where it is pinned, until the pin is over', async () => {
    const old = daysAgo(9);
    await rig.insertFootage(cameraId, old, 3);
    await rig.pin(cameraId, after(old, 1), after(old, 1.5), { untilAt: new Date(NOON_MS + DAY_MS) });
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([after(old, 1)]);
    rig.clock.ms += DAY_MS;
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([]);
  });

  it('stays while it is only on the disk of a recorder', async () => {
    await rig.insertFootage(cameraId, daysAgo(9), 2, { state: 'local' });
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toHaveLength(2);
  });

  it('goes by the policy of its camera, the oldest first above its bytes, and never below the floor', async () => {
    await rig.setPolicy({ cameraId, kind: 'continuous', days: 30, maxBytes: 2 * SEGMENT_BYTES, keepDays: 2 });
    await rig.insertFootage(cameraId, daysAgo(20), 2);
    await rig.insertFootage(cameraId, daysAgo(1), 3);
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([0, 1, 2].map((minute) => after(daysAgo(1), minute)));
    expect(await rig.removalsOf(cameraId)).toMatchObject([{ cause: 'quota' }]);
    await expectRightCounts();
  });

  it('goes to the last of more than is read at once', async () => {
    await rig.insertFootage(cameraId, daysAgo(12), 2_500, { withObjects: false });
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([]);
    expect(await rig.removalsOf(cameraId)).toMatchObject([{ sizeBytes: 2_500 * SEGMENT_BYTES }]);
    await expectRightCounts();
  });

  it('of a deleted camera goes like any other', async () => {
    await rig.insertFootage(cameraId, daysAgo(9), 2);
    await rig.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [cameraId]);
    expect(await rig.cameras.claim()).toBe(cameraId);
    await rig.retention.clean(cameraId);
    expect(await rig.segmentStarts(cameraId)).toEqual([]);
  });
});

describe('playbacks', () => {
  it('are kept for ever where nobody said otherwise', async () => {
    const id = await rig.insertPlayback(cameraId, daysAgo(3_000));
    await rig.retention.clean(cameraId);
    expect(await rig.playbackIds()).toEqual([id]);
  });

  it('go by the policy of their kind, with their objects; one that is not final stays', async () => {
    const event = await rig.dataSource
      .getRepository(CameraEvent)
      .save({ cameraId, type: 'MOTION', occurredAt: daysAgo(9) } as CameraEvent);
    const ofEvent = await rig.insertPlayback(cameraId, daysAgo(9), { eventId: event.id });
    const open = await rig.insertPlayback(cameraId, daysAgo(9), { recordingStatus: 'PROCESSING' });
    const manual = await rig.insertPlayback(cameraId, daysAgo(9));
    const failed = await rig.insertPlayback(cameraId, daysAgo(9), { recordingStatus: 'FAILED', fileSizeBytes: null });
    const young = await rig.insertPlayback(cameraId, daysAgo(1));
    await rig.setPolicy({ kind: 'manual', days: 5 });
    await rig.retention.clean(cameraId);
    expect(new Set(await rig.playbackIds())).toEqual(new Set([ofEvent, open, young]));
    const keys = [manual, failed].map((id) => `playbacks/${id}/video.mp4`).sort();
    expect((await rig.tombstones()).map(({ store, key }) => [store, key])).toEqual(
      keys.map((key) => ['playbacks', key]),
    );
    await expectRightCounts();
    await rig.purger.purge();
    expect(await Promise.all(keys.map((key) => rig.playbacks.head(key)))).toEqual([null, null]);
  });

  it('above their bytes go the oldest first, whatever has no bytes', async () => {
    const failed = await rig.insertPlayback(cameraId, daysAgo(9), { recordingStatus: 'FAILED', fileSizeBytes: null });
    const [, second] = [await rig.insertPlayback(cameraId, daysAgo(8)), await rig.insertPlayback(cameraId, daysAgo(7))];
    await rig.setPolicy({ maxBytes: 150 });
    await rig.retention.clean(cameraId);
    expect(await rig.playbackIds()).toEqual([failed, second]);
  });
});

describe('the counters', () => {
  it('follow every change of a row, whoever makes it', async () => {
    await rig.insertFootage(cameraId, daysAgo(1), 3);
    const id = await rig.insertPlayback(cameraId, daysAgo(1), { fileSizeBytes: null });
    await expectRightCounts();
    const playbacks = rig.dataSource.getRepository(Playback);
    await playbacks.update({ id }, { fileSizeBytes: 77 });
    await expectRightCounts();
    const event = { cameraId, type: 'MOTION', occurredAt: daysAgo(1) } as CameraEvent;
    await playbacks.update({ id }, { eventId: (await rig.dataSource.getRepository(CameraEvent).save(event)).id });
    await expectRightCounts();
    await rig.dataSource.getRepository(FootageSegment).update({ cameraId, number: 2 }, { sizeBytes: 5 });
    await expectRightCounts();
    await rig.dataSource.query('DELETE FROM events');
    await expectRightCounts();
    await rig.dataSource.query('DELETE FROM cameras');
    await expectRightCounts();
    expect((await rig.usage()).counted).toEqual([]);
  });
});

describe('cameras', () => {
  it('are each looked at by one of three workers, once a minute', async () => {
    const ids = [cameraId, ...(await Promise.all(Array.from({ length: 11 }, () => rig.insertCamera())))];
    for (const id of ids) await rig.insertFootage(id, daysAgo(1), 1, { withObjects: false });
    const work = async () => {
      const mine: string[] = [];
      for (let next = await rig.cameras.claim(); next !== null; next = await rig.cameras.claim()) mine.push(next);
      return mine;
    };
    const first = (await Promise.all([work(), work(), work()])).flat();
    // A worker that meets others at the last new camera may go without it: it is there at the next look.
    first.push(...(await work()));
    expect([...first].sort()).toEqual([...ids].sort());
    await rig.dataSource.query(`UPDATE retention_state SET checked_at = now() - interval '61 seconds'`);
    const second = (await Promise.all([work(), work(), work()])).flat();
    expect([...second, ...(await work())].sort()).toEqual([...ids].sort());
  });

  it('whose look lies in the future, since the clock was set back, are looked at now', async () => {
    await rig.insertFootage(cameraId, daysAgo(1), 1, { withObjects: false });
    await rig.cameras.claim();
    await rig.dataSource.query(`UPDATE retention_state SET checked_at = now() + interval '1 day'`);
    expect([await rig.cameras.claim(), await rig.cameras.claim()]).toEqual([cameraId, null]);
  });
});
