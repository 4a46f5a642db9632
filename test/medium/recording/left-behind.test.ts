import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { mainStream, streamLock } from '../../../src/schema/stream-id.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import { Ownership } from '../../../src/modules/cluster/ownership.service.js';
import { RecorderCensus } from '../../../src/modules/cluster/recorder-census.js';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { notify } from '../../../src/modules/database/notifications.js';
import { formatNotice } from '../../../src/modules/recording/domain/recording-notice.js';
import { DueRecordingsRepository } from '../../../src/modules/recording/due-recordings.repository.js';
import { RecorderReconciler } from '../../../src/modules/recording/recorder-reconciler.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** No look comes by itself: only what is told, or seen in the locks, leads to one. */
const RARELY_MS = '60000';

describe('a recorder beside another one', () => {
  const otherId = randomUUID();
  let database: TestDatabase;
  let dir: string;
  let other: LockSession;
  let app: RecorderApp;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-left-'));
    database = await createTestDatabase();
    other = await LockSession.open(database.url);
    await new RecorderCensus(() => 0).join(other);
  });
  afterEach(async () => {
    await app.close();
    await other.close();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  async function start(env: Record<string, string> = {}): Promise<void> {
    app = await startRecorderApp(database, dir, { RECONCILE_MS: RARELY_MS, ...env });
    await eventually(async () => {
      const { text } = await app.call('GET', '/metrics', { token: app.token });
      expect(text).toContain('\nhindsight_recorders 2\n');
    });
    // Its first looks are over.
    await app.app.get(RecorderReconciler).quiet();
  }

  /** A camera that gives nothing, and that the other one owns. */
  async function camera(fields: Partial<Camera> = {}): Promise<string> {
    const address = { name: 'yard', rtspUrl: 'rtsp://127.0.0.1:1/' };
    const { id } = await database.dataSource.getRepository(Camera).save({ ...address, ...fields } as Camera);
    await other.tryLock([streamLock(mainStream(id))]);
    return id;
  }

  async function insertOpen(cameraId: string, nodeId: string | null): Promise<string> {
    const [{ id }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, node_id, recording_status, range_start_at, deadline_at)
         VALUES ($1, $2, 'PENDING', now(), now() + interval '1 h') RETURNING id`,
      [cameraId, nodeId],
    );
    return id;
  }

  const nodeOf = async (playbackId: string): Promise<string | null> => {
    const [row] = await database.dataSource.query<{ node_id: string | null }[]>(
      'SELECT node_id FROM playbacks WHERE id = $1',
      [playbackId],
    );
    return row!.node_id;
  };

  it('takes its recordings and its warm cameras when it has gone, without a poll and without being told', async () => {
    const [recorded, warm] = [await camera(), await camera({ preRollSec: 5 })];
    const playbackId = await insertOpen(recorded, otherId);
    await database.dataSource.query(
      `INSERT INTO camera_status (camera_id, node_id, state, since) VALUES ($1, $2, 'online', now())`,
      [warm, otherId],
    );
    await start();
    const ownership = app.app.get(Ownership);
    expect([await nodeOf(playbackId), ownership.owned]).toEqual([otherId, []]);
    await other.close();
    await eventually(async () => expect(await nodeOf(playbackId)).toBe(app.app.get(NodeIdentity).nodeId), 10_000);
    await eventually(() => expect(ownership.owns(mainStream(warm))).toBe(true), 10_000);
  }, 60_000);

  it('does not take a camera at once that the other one may be about to come back for', async () => {
    const cameraId = await camera();
    await insertOpen(cameraId, otherId);
    await start({ TAKEOVER_DELAY_MS: '60000' });
    const looks = jest.spyOn(app.app.get(DueRecordingsRepository), 'find');
    const claims = jest.spyOn(app.app.get(Ownership), 'claim');
    await other.unlock([streamLock(mainStream(cameraId))]);
    // A new event on it, which nobody has taken: the other one's recording is not among what is read.
    const playbackId = await insertOpen(cameraId, null);
    const tell = () =>
      notify(database.dataSource.manager, 'hindsight_recordings', formatNotice({ cameraId, nodeId: null }));
    await tell();
    await eventually(() => expect(claims).toHaveBeenCalledTimes(1));
    expect(await looks.mock.results[0]!.value).toMatchObject([{ id: playbackId, foreignNodeId: otherId }]);
    expect(await claims.mock.results[0]!.value).toBe(false);
    await tell();
    await eventually(() => expect(claims).toHaveBeenCalledTimes(2));
    expect(await claims.mock.results[1]!.value).toBe(false);
    expect(await other.tryLock([streamLock(mainStream(cameraId))])).toEqual(
      new Set([streamLock(mainStream(cameraId))]),
    );
  }, 60_000);

  it('does not look at the rows when a recording of the other one changes', async () => {
    const [theirs, mine] = [await camera(), randomUUID()];
    await start();
    const looks = jest.spyOn(app.app.get(DueRecordingsRepository), 'find');
    const { manager } = database.dataSource;
    const tell = (cameraId: string, nodeId: string | null) =>
      notify(manager, 'hindsight_recordings', formatNotice({ cameraId, nodeId }));
    for (let count = 0; count < 20; count += 1) await tell(theirs, otherId);
    await tell(mine, app.app.get(NodeIdentity).nodeId);
    await eventually(() => expect(looks).toHaveBeenCalled());
    expect(looks).toHaveBeenCalledTimes(1);
    await tell(theirs, null);
    await eventually(() => expect(looks).toHaveBeenCalledTimes(2));
  }, 60_000);
});
