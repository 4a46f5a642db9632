import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { BacklogRelief } from '../../../src/modules/archive/backlog-relief.service.js';
import { parseFootageKey } from '../../../src/modules/archive/domain/footage-key.js';
import { LogArchivist } from '../../../src/modules/archive/log-archivist.service.js';
import { PublishedSegments } from '../../../src/modules/archive/published-segments.js';
import { SegmentPublicationRepository } from '../../../src/modules/archive/segment-publication.repository.js';
import { SegmentPublisher } from '../../../src/modules/archive/segment-publisher.service.js';
import { StoreIdentity } from '../../../src/modules/archive/store-identity.service.js';
import { STORE_MARK_KEY } from '../../../src/modules/archive/store-mark.js';
import { NodeIdentity } from '../../../src/modules/cluster/index.js';
import type { DiskSpace } from '../../../src/modules/footage/index.js';
import { LocalStoreAdapter } from '../../../src/modules/storage/local-store.adapter.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { FragmentLogRig, T } from '../footage/fragment-log-rig.js';

const NODE_ID = '0b5f2c5c-6d8e-4d0b-8a3b-0d8f6b1f7a10';
const logger = createLogger('silent');

describe('the archivist of a log', () => {
  let database: TestDatabase;
  let rig: FragmentLogRig;
  let cameraId: string;
  let store: LocalStoreAdapter;
  let identity: StoreIdentity;
  /** What the disk says of itself: a peer's fault. */
  let disk: { isLow: boolean; unreadable: null; freeBytes: number; resumeAtBytes: number; check: () => Promise<void> };
  beforeEach(async () => {
    database = await createTestDatabase();
    rig = await FragmentLogRig.open();
    [{ id: cameraId }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO cameras (name) VALUES ('yard') RETURNING id`,
    );
    store = new LocalStoreAdapter(join(rig.dir, 'store'));
    disk = { isLow: false, unreadable: null, freeBytes: 0, resumeAtBytes: 1, check: () => Promise.resolve() };
  });
  afterEach(async () => {
    await rig.close();
    await database.drop();
  });

  /** An archivist as a process has it that has just been started. */
  function begin(log = rig.log) {
    const { dataSource } = database;
    const clock = new SystemClock();
    const publications = new SegmentPublicationRepository(dataSource);
    const published = new PublishedSegments(publications);
    identity = new StoreIdentity(clock, dataSource, store);
    const node = new NodeIdentity(NODE_ID, rig.dir);
    const publisher = new SegmentPublisher(publications, identity, store, node, logger);
    const relief = new BacklogRelief(disk as unknown as DiskSpace, published, publications, logger);
    const config = loadConfig({});
    return {
      archivist: new LogArchivist(config, clock, logger, log, published, publications, publisher, relief),
      publications,
      relief,
    };
  }

  const want = (startMs: number, endMs: number | null) =>
    database.dataSource.query('INSERT INTO footage_periods (camera_id, start_at, end_at) VALUES ($1, $2, $3)', [
      cameraId,
      new Date(startMs),
      endMs === null ? null : new Date(endMs),
    ]);
  const write = async () => {
    const writer = await rig.write(T, mainStream(cameraId));
    await writer.close(T + 4_000, null);
    return writer.capture;
  };
  const keys = async () =>
    (await store.list('footage/')).objects.map(({ key }) => key).filter((key) => key !== STORE_MARK_KEY);
  const rows = () =>
    database.dataSource.query<{ number: number; state: string; nodeId: string | null }[]>(
      'SELECT number, state, node_id AS "nodeId" FROM footage_segments ORDER BY number',
    );
  const removals = () =>
    database.dataSource.query<{ cause: string; startMs: number }[]>(
      'SELECT cause, (extract(epoch FROM start_at) * 1000)::float8 AS "startMs" FROM footage_removals ORDER BY start_at',
    );
  const keptFrom = async (archivist: LogArchivist) =>
    archivist.keptFrom(await rig.log.listCaptures(mainStream(cameraId)));

  it('archives the segments of which something is wanted, and keeps the log until then', async () => {
    await want(T + 2_500, null);
    await write();
    const { archivist } = begin();
    expect(await keptFrom(archivist)).toBe(T);
    await archivist.archive(rig.log);
    expect(await rows()).toEqual([{ number: 2, state: 'stored', nodeId: null }]);
    expect((await keys()).map(parseFootageKey)).toMatchObject([{ cameraId, number: 2 }]);
    expect(await keptFrom(archivist)).toBeNull();
  });

  it('is done with what nobody wants', async () => {
    await want(T - 10_000, T);
    await write();
    const { archivist } = begin();
    await archivist.archive(rig.log);
    expect(await rows()).toEqual([]);
    expect(await keptFrom(archivist)).toBeNull();
  });

  it('does again, as it was, what a process that died has begun', async () => {
    await want(T, null);
    await write();
    const first = begin();
    await first.archivist.archive(rig.log);
    const before = await keys();
    await database.dataSource.query(`UPDATE footage_segments SET state = 'local', node_id = $1`, [NODE_ID]);
    await rm(join(rig.dir, 'store', before[1]!));
    await begin().archivist.archive(rig.log);
    expect(await keys()).toEqual(before);
    expect(await rows()).toMatchObject([
      { number: 1, state: 'stored' },
      { number: 2, state: 'stored' },
    ]);
  });

  it('gives a segment its tail that has lost it', async () => {
    await want(T, null);
    const { dir } = await write();
    const [segment] = (await readdir(dir)).filter((name) => /^\d+\.mp4$/.test(name));
    const { sizeBytes } = (await rig.log.listCaptures(mainStream(cameraId)))[0]!.sealed.at(0);
    await truncate(join(dir, segment!), sizeBytes - 7);
    await begin().archivist.archive(rig.log);
    const stored = await database.dataSource.query<{ sizeBytes: number }[]>(
      'SELECT size_bytes::int AS "sizeBytes" FROM footage_segments ORDER BY number',
    );
    expect(stored[0]).toEqual({ sizeBytes });
    expect(stored).toHaveLength(2);
  });

  it('writes down what cannot be read any more, and goes on', async () => {
    await want(T, null);
    const { dir } = await write();
    await writeFile(join(dir, '000000001.mp4'), Buffer.alloc(5_000));
    const { archivist } = begin();
    await archivist.archive(rig.log);
    expect(await removals()).toMatchObject([{ cause: 'lost', startMs: T }]);
    expect(await rows()).toMatchObject([{ number: 2, state: 'stored' }]);
    expect(await keptFrom(archivist)).toBeNull();
  });

  it('gives up the oldest of what waits while the store is not its own and the disk is full, and no more than it takes', async () => {
    await want(T, null);
    await store.putBytes(STORE_MARK_KEY, Buffer.from('{"installation":"another"}'), {
      contentType: 'application/json',
    });
    await write();
    const { archivist, relief } = begin();
    await expect(archivist.archive(rig.log)).rejects.toMatchObject({ code: 'FOOTAGE.STORE_FOREIGN' });
    const [capture] = await rig.log.listCaptures(mainStream(cameraId));
    const [first, second] = [capture!.sealed.at(0), capture!.sealed.at(1)].map(({ segment, sizeBytes }, index) => ({
      ...{ capture: capture!, segment, number: index + 1, sizeBytes },
      ...{ startMs: T + index * 2_000, endMs: T + (index + 1) * 2_000 },
    }));
    await relief.relieve([second!, first!]);
    expect(await removals()).toEqual([]);
    disk.isLow = true;
    await relief.relieve([second!, first!]);
    expect(await removals()).toEqual([{ cause: 'disk', startMs: T }]);
    expect(await keptFrom(archivist)).toBeGreaterThan(T);
    expect(await keys()).toEqual([]);
  });

  describe('takes a store for its own', () => {
    const mark = () => join(rig.dir, 'store', STORE_MARK_KEY);
    const storedRow = async () => {
      await want(T, null);
      await write();
      await begin().archivist.archive(rig.log);
    };

    it('that is new, and marks it', async () => {
      begin();
      await identity.check();
      expect(identity.fault).toBeNull();
      const again = new StoreIdentity(new SystemClock(), database.dataSource, store);
      await again.check();
      expect(await store.head(STORE_MARK_KEY)).not.toBeNull();
    });

    it('but not one that is empty although there should be footage in it, as when its disk is not mounted', async () => {
      await storedRow();
      await rm(join(rig.dir, 'store'), { recursive: true });
      begin();
      await expect(identity.check()).rejects.toMatchObject({ code: 'FOOTAGE.STORE_FOREIGN' });
      expect(identity.fault?.detail).toContain('mounted');
      expect(await readdir(join(rig.dir, 'store')).catch(() => [])).toEqual([]);
    });

    it('but not one with footage that its database does not know', async () => {
      await storedRow();
      await rm(mark());
      await database.dataSource.query('DELETE FROM footage_segments');
      begin();
      await expect(identity.check()).rejects.toMatchObject({ code: 'FOOTAGE.STORE_FOREIGN' });
      expect(await store.head(STORE_MARK_KEY)).toBeNull();
    });

    it('but not one whose mark cannot be read', async () => {
      await mkdir(dirname(mark()), { recursive: true });
      await store.putBytes(STORE_MARK_KEY, Buffer.from('no JSON'), { contentType: 'application/json' });
      begin();
      await expect(identity.check()).rejects.toMatchObject({ code: 'FOOTAGE.STORE_FOREIGN' });
    });
  });
});
