import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { mainStream, streamLock } from '../../../src/schema/stream-id.js';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { DueRecordingsRepository, type DueScope } from '../../../src/modules/recording/due-recordings.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const ME = randomUUID();
const OTHER = randomUUID();

/** What a case is about, and who owns the camera: `theirs` is a recorder that lives. */
interface Case {
  name: string;
  nodeId: string | null;
  owner: 'mine' | 'theirs' | 'nobody';
}

const CASES: Case[] = [
  { name: 'mine', nodeId: ME, owner: 'mine' },
  { name: 'mine, before I have its camera again', nodeId: ME, owner: 'nobody' },
  { name: 'mine, and another one has the camera', nodeId: ME, owner: 'theirs' },
  { name: 'nobody’s', nodeId: null, owner: 'nobody' },
  { name: 'nobody’s, and another one has the camera', nodeId: null, owner: 'theirs' },
  { name: 'another one’s, on my camera', nodeId: OTHER, owner: 'mine' },
  { name: 'another one’s', nodeId: OTHER, owner: 'theirs' },
  { name: 'another one’s, that is gone or has let the camera go', nodeId: OTHER, owner: 'nobody' },
];

describe('open recordings, as far as they concern a recorder', () => {
  let database: TestDatabase;
  let rows: DueRecordingsRepository;
  let theirs: LockSession;
  let mine: LockSession;
  const names = new Map<string, string>();
  const cameras = new Map<string, string>();
  beforeAll(async () => {
    database = await createTestDatabase();
    rows = new DueRecordingsRepository(database.dataSource);
    [mine, theirs] = await Promise.all([LockSession.open(database.url), LockSession.open(database.url)]);
  });
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE cameras CASCADE');
    for (const { name, nodeId, owner } of CASES) {
      const cameraId = await camera(owner);
      names.set(await insert(cameraId, nodeId), name);
      cameras.set(name, cameraId);
    }
  });
  afterEach(async () => {
    const locks = [...cameras.values()].map((cameraId) => streamLock(mainStream(cameraId)));
    for (const session of [mine, theirs]) {
      const held = await session.tryLock(locks);
      await session.unlock([...held]);
    }
    names.clear();
    cameras.clear();
  });
  afterAll(async () => {
    await Promise.all([mine.close(), theirs.close()]);
    await database.drop();
  });

  async function camera(owner: Case['owner']): Promise<string> {
    const { id } = await database.dataSource.getRepository(Camera).save({ name: 'yard' });
    const session = { mine, theirs, nobody: null }[owner];
    await session?.tryLock([streamLock(mainStream(id))]);
    return id;
  }

  async function insert(cameraId: string, nodeId: string | null, status = 'RECORDING'): Promise<string> {
    const [{ id }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, node_id, recording_status, range_start_at, deadline_at, footage_nodes)
         VALUES ($1, $2::uuid, $3, now(), now() + interval '1 h', array_remove(ARRAY[$2::uuid], NULL)) RETURNING id`,
      [cameraId, nodeId, status],
    );
    return id;
  }

  const idOf = (name: string) => cameras.get(name)!;
  const mineOnly = (): DueScope => ({
    ...{ nodeId: ME, strayIds: [] },
    ownedIds: CASES.filter(({ owner }) => owner === 'mine').map(({ name }) => idOf(name)),
  });
  const found = async (scope: DueScope) => (await rows.find(scope)).map(({ id }) => names.get(id));

  it('are its own, nobody’s, and those of its cameras; what another one records is not read', async () => {
    const due = await found(mineOnly());
    expect(new Set(due)).toEqual(new Set(CASES.slice(0, 6).map(({ name }) => name)));
    expect(due).toHaveLength(6);
  });

  it('are also those on cameras that another one has left behind, once these were found', async () => {
    const strayIds = await rows.findStrays(ME);
    expect(strayIds).toEqual([idOf('another one’s, that is gone or has let the camera go')]);
    expect(new Set(await found({ ...mineOnly(), strayIds }))).toEqual(
      new Set(CASES.filter(({ name }) => name !== 'another one’s').map(({ name }) => name)),
    );
    await theirs.unlock([streamLock(mainStream(idOf('another one’s')))]);
    expect(new Set(await rows.findStrays(ME))).toEqual(
      new Set(['another one’s', 'another one’s, that is gone or has let the camera go'].map(idOf)),
    );
  });

  it('are the open ones, the oldest first, with what a recorder needs of them', async () => {
    const cameraId = idOf('mine');
    for (const status of ['PROCESSING', 'COMPLETED', 'FAILED']) await insert(cameraId, ME, status);
    const pending = await insert(cameraId, null, 'PENDING');
    await database.dataSource.query(`UPDATE playbacks SET created_at = now() - interval '1 h' WHERE id = $1`, [
      pending,
    ]);
    const due = await rows.find(mineOnly());
    expect(due).toHaveLength(7);
    const { createdAt, rangeStartAt, deadlineAt, ...oldest } = due[0]!;
    expect(oldest).toEqual({
      ...{ id: pending, cameraId, kind: 'event', recordingStatus: 'PENDING', nodeId: null, footageNodes: [] },
      ...{ rangeEndAt: null, foreignNodeId: null },
    });
    expect(deadlineAt!.getTime() - rangeStartAt!.getTime()).toBe(3_600_000);
    expect(createdAt.getTime()).toBeLessThan(rangeStartAt!.getTime());
  });

  it('name another recorder that may come back for the camera: by a recording beside them, or by what it was last seen capturing', async () => {
    const foreignOf = async (playbackId: string) =>
      (await rows.find(mineOnly())).find(({ id }) => id === playbackId)!.foreignNodeId;
    const [left, seen, ours, idle] = [
      await camera('nobody'),
      await camera('nobody'),
      idOf('mine'),
      await camera('nobody'),
    ];
    await insert(left, OTHER);
    const status = `INSERT INTO camera_status (camera_id, node_id, state, since) VALUES ($1, $2, $3, now())`;
    await database.dataSource.query(status, [seen, OTHER, 'online']);
    await database.dataSource.query(status, [ours, OTHER, 'online']);
    await database.dataSource.query(status, [idle, null, 'idle']);
    expect(await foreignOf(await insert(left, null))).toBe(OTHER);
    expect(await foreignOf(await insert(left, ME))).toBe(OTHER);
    expect(await foreignOf(await insert(seen, null))).toBe(OTHER);
    expect(await foreignOf(await insert(ours, null))).toBeNull();
    expect(await foreignOf(await insert(idle, null))).toBeNull();
  });

  it('are closed at their limit, and when their camera is disarmed, by whoever they concern', async () => {
    await database.dataSource.query("UPDATE playbacks SET deadline_at = range_start_at + interval '1 ms'");
    const closed = async () => {
      const ended = await database.dataSource.query<{ id: string; reason: string }[]>(
        'SELECT id, end_reason AS reason FROM playbacks WHERE range_end_at IS NOT NULL',
      );
      return new Map(ended.map(({ id, reason }) => [names.get(id), reason]));
    };
    const now = new Date(Date.now() + 1_000);
    await rows.closeOverdue(mineOnly(), now);
    expect([...(await closed()).keys()].sort()).toEqual(
      CASES.slice(0, 6)
        .map(({ name }) => name)
        .sort(),
    );
    const strayIds = await rows.findStrays(ME);
    await database.dataSource.query('UPDATE cameras SET enabled = false');
    await rows.closeDisarmed({ nodeId: ME, ownedIds: [], strayIds }, now);
    expect((await closed()).get('another one’s, that is gone or has let the camera go')).toBe('stopped');
    // Each of them concerns its owner.
    expect((await closed()).has('another one’s')).toBe(false);
    await rows.closeOverdue({ nodeId: OTHER, ownedIds: [idOf('another one’s')], strayIds: [] }, now);
    expect((await closed()).get('another one’s')).toBe('max_duration');
  });
});
