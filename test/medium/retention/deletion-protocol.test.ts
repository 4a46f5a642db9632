import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { FootagePin } from '../../../src/schema/footage.entity.js';
import { daysAgo, MINUTE_MS, RetentionRig } from './retention-rig.js';

let rig: RetentionRig;
let cameraId: string;

beforeAll(async () => {
  rig = await RetentionRig.open({ RETENTION_DAYS: '7' });
});
afterAll(() => rig.close());
beforeEach(async () => {
  await rig.empty();
  cameraId = await rig.insertCamera();
});
afterEach(() => void jest.restoreAllMocks());

/** Every object has a row or a tombstone, and every row has its object: the promise at each crash. */
async function expectNothingLost(keysWithRows: () => Promise<string[]>): Promise<void> {
  const rows = await keysWithRows();
  const dead = (await rig.tombstones()).map(({ key }) => key);
  const objects = await rig.footageKeys();
  expect(rows.filter((key) => !objects.includes(key))).toEqual([]);
  expect(objects.filter((key) => !rows.includes(key) && !dead.includes(key))).toEqual([]);
  const { counted, recounted } = await rig.usage();
  expect(counted).toEqual(recounted);
}

/** The process dies at the statement of that number. @returns whether there was one */
async function crashAt(number: number, work: () => Promise<unknown>): Promise<boolean> {
  const { dataSource } = rig;
  const query = dataSource.query.bind(dataSource) as (...args: unknown[]) => Promise<never>;
  let [count, crashed] = [0, false];
  jest.spyOn(dataSource, 'query').mockImplementation(async (...args) => {
    count += 1;
    if (count < number) return query(...args);
    crashed = true;
    throw new Error('the process died');
  });
  await work().catch(() => undefined);
  jest.restoreAllMocks();
  return crashed;
}

describe('a crash between any two statements', () => {
  it('of the deletion leaves rows with their objects, and a later run ends it', async () => {
    const keys = await rig.insertFootage(cameraId, daysAgo(9), 3);
    await rig.insertPlayback(cameraId, daysAgo(9));
    const withRows = async () => {
      const starts = new Set((await rig.segmentStarts(cameraId)).map((at) => String(at.getTime())));
      return keys.filter((key) => starts.has(/\/(\d+)-\d+-/.exec(key)![1]!));
    };
    let crashes = 0;
    while (await crashAt(crashes + 1, () => rig.retention.clean(cameraId))) {
      crashes += 1;
      await expectNothingLost(withRows);
      expect(await withRows()).toEqual(keys);
    }
    // Lock, facts, rows, tombstones, removal, playbacks and their tombstones.
    expect(crashes).toBeGreaterThan(8);
    await expectNothingLost(withRows);
    expect([await withRows(), await rig.playbackIds()]).toEqual([[], []]);
    await rig.purger.purge();
    expect([await rig.footageKeys(), await rig.tombstones()]).toEqual([[], []]);
  });

  it('of the purge leaves a tombstone, with its object or without, and a later run ends it', async () => {
    await rig.insertFootage(cameraId, daysAgo(9), 3);
    await rig.insertPlayback(cameraId, daysAgo(9));
    await rig.retention.clean(cameraId);
    const dead = await rig.tombstones();
    let crashes = 0;
    while (await crashAt(crashes + 1, () => rig.purger.purge())) {
      crashes += 1;
      await expectNothingLost(async () => []);
    }
    expect(crashes).toBeGreaterThan(4);
    expect([dead.length, await rig.footageKeys(), await rig.tombstones()]).toEqual([4, [], []]);
  });
});

describe('a pin', () => {
  it('and a deletion of one camera never run side by side: what the pin says it holds is there', async () => {
    const inAll = 40;
    for (let pair = 0; pair < inAll; pair += 1) {
      await rig.empty();
      const id = await rig.insertCamera();
      const startAt = daysAgo(9);
      await rig.insertFootage(id, startAt, 2, { withObjects: false });
      const endAt = new Date(startAt.getTime() + MINUTE_MS);
      // As whoever pins does it: first the pin, then the look at what it holds, in one transaction.
      const pin = rig.dataSource.transaction(async (manager) => {
        await manager.getRepository(FootagePin).insert({ cameraId: id, startAt, endAt, reason: 'lock' });
        const rows = await manager.query<unknown[]>('SELECT FROM footage_segments WHERE start_at = $1', [startAt]);
        return rows.length;
      });
      const [covered] = pair % 2 === 0 ? [await pin, await rig.retention.clean(id)] : await race(pin, id);
      const left = await rig.segmentStarts(id);
      expect(left).toEqual(covered === 1 ? [startAt] : []);
    }
  });

  async function race(pin: Promise<number>, id: string): Promise<[number, void]> {
    return Promise.all([pin, rig.retention.clean(id)]);
  }

  it('waits for a deletion that has begun', async () => {
    const startAt = daysAgo(9);
    await rig.insertFootage(cameraId, startAt, 1, { withObjects: false });
    const lock = `SELECT pg_advisory_xact_lock(hashtextextended('keeping:' || $1, 0))`;
    const steps: string[] = [];
    let pin: Promise<void> | undefined;
    await rig.dataSource.transaction(async (manager) => {
      await manager.query(lock, [cameraId]);
      pin = rig.pin(cameraId, startAt, daysAgo(1)).then(() => void steps.push('pinned'));
      await untilWaiting();
      await manager.query('DELETE FROM footage_segments WHERE camera_id = $1', [cameraId]);
      steps.push('deleted');
    });
    await pin;
    expect(steps).toEqual(['deleted', 'pinned']);
  });

  async function untilWaiting(): Promise<void> {
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await rig.dataSource.query<unknown[]>(waiting)).length === 0);
  }
});

describe('objects of deleted rows', () => {
  const away = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
  const dueNow = () => rig.dataSource.query('UPDATE tombstones SET retry_at = now()');

  it('wait for a store that is away, with growing pauses', async () => {
    const keys = await rig.insertFootage(cameraId, daysAgo(9), 2);
    await rig.retention.clean(cameraId);
    const deleteMany = jest.spyOn(rig.footage, 'deleteMany').mockRejectedValue(away);
    const pauses: number[] = [];
    for (let round = 1; round <= 3; round += 1) {
      await dueNow();
      await rig.purger.purge();
      await rig.purger.purge();
      const [row] = await rig.dataSource.query<[{ ms: number; tries: number }]>(
        `SELECT tries, extract(epoch FROM retry_at - now())::float8 * 1000 AS ms FROM tombstones LIMIT 1`,
      );
      expect([row.tries, deleteMany.mock.calls.length]).toEqual([round, round]);
      pauses.push(row.ms);
    }
    expect(pauses[2]).toBeGreaterThan(pauses[0]!);
    expect(await rig.footageKeys()).toEqual(keys);
    deleteMany.mockRestore();
    await dueNow();
    await rig.purger.purge();
    expect([await rig.footageKeys(), await rig.tombstones()]).toEqual([[], []]);
  });

  it('that the store names as failed stay alone', async () => {
    const [first, second] = await rig.insertFootage(cameraId, daysAgo(9), 2);
    await rig.retention.clean(cameraId);
    jest.spyOn(rig.footage, 'deleteMany').mockResolvedValueOnce([{ key: first!, code: 'STORAGE.UNAVAILABLE' }]);
    await rig.purger.purge();
    expect((await rig.tombstones()).map(({ key, tries }) => [key, tries])).toEqual([[first, 1]]);
    expect(second).not.toBe(first);
  });

  it('of footage are not touched in a store without our mark: its disk may not be mounted', async () => {
    await rig.insertFootage(cameraId, daysAgo(9), 2);
    await rig.retention.clean(cameraId);
    const mark = await rig.footage.openRead('footage/store.json');
    const bytes = Buffer.concat((await mark.toArray()) as Buffer[]);
    await rig.footage.delete('footage/store.json');
    await rig.purger.purge();
    expect([(await rig.footageKeys()).length, (await rig.tombstones()).length]).toEqual([2, 2]);
    expect(rig.lines.join()).toContain('does not carry the mark');
    await rig.footage.putBytes('footage/store.json', bytes, { contentType: 'application/json' });
    await dueNow();
    await rig.purger.purge();
    expect(await rig.tombstones()).toEqual([]);
  });

  it('are each deleted by one of several workers', async () => {
    await rig.insertFootage(cameraId, daysAgo(9), 30);
    await rig.retention.clean(cameraId);
    const deleted = jest.spyOn(rig.footage, 'deleteMany');
    await Promise.all([rig.purger.purge(), rig.purger.purge(), rig.purger.purge()]);
    const keys = deleted.mock.calls.flatMap(([some]) => some);
    expect([keys.length, new Set(keys).size, await rig.tombstones()]).toEqual([30, 30, []]);
  });
});
