import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { AppError } from '../../../src/common/errors.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { FinaliseRetry } from '../../../src/modules/delivery/finalise-retry.service.js';
import { FinaliseService } from '../../../src/modules/delivery/finalise.service.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import { UnsafeRangesRepository } from '../../../src/modules/log-sweep/unsafe-ranges.repository.js';
import { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

const AWAY = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
const REFUSED = new AppError({ code: 'STORAGE.REJECTED', message: 'The store refuses it.' });

describe('a playback that could not be finalised', () => {
  let database: TestDatabase;
  let recordDir: string;
  let camera: VirtualCamera;
  let app: RecorderApp;
  let retry: FinaliseRetry;
  let nodeId: string;
  let cameraId: string;
  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-finalise-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 1 });
    app = await startRecorderApp(database, recordDir, { UPLOAD_REFUSED_SEC: '0', RECONCILE_MS: '250' });
    retry = app.app.get(FinaliseRetry);
    nodeId = app.app.get(NodeIdentity).nodeId;
    cameraId = await app.addCamera(camera);
  });
  afterAll(async () => {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  const query = <T>(sql: string, values: unknown[] = []) => database.dataSource.query<T>(sql, values);
  const jobOf = async (id: string) => {
    const [job] = await query<{ task: string }[]>(
      'SELECT task_identifier AS task FROM graphile_worker.jobs WHERE key = $1',
      [`finalise:${id}`],
    );
    return job?.task ?? null;
  };
  const rowOf = (id: string) => database.dataSource.manager.findOneByOrFail(Playback, { id });

  /** A row that waits to be finalised by that node. */
  async function waiting(ofNodeId: string): Promise<Playback> {
    const [{ id }] = await query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, range_start_at, range_end_at, deadline_at, recording_status, node_id, footage_nodes)
         VALUES ($1, now() - interval '60 s', now() - interval '50 s', now(), 'PROCESSING', $2, ARRAY[$2::uuid]) RETURNING id`,
      [cameraId, ofNodeId],
    );
    return rowOf(id);
  }

  it('is left alone when another recorder has it by now: its job, its state and what its row says', async () => {
    const otherId = randomUUID();
    for (const [error, times] of [
      [AWAY, 1],
      [REFUSED, 3],
    ] as const) {
      const playback = await waiting(otherId);
      await query(
        `SELECT graphile_worker.add_job($1, payload := $2, job_key := $3, run_at := now() + interval '1 h')`,
        [`playback.finalise@${otherId}`, JSON.stringify({ playbackId: playback.id }), `finalise:${playback.id}`],
      );
      for (let attempt = 0; attempt < times; attempt += 1)
        expect(await retry.tryAgainOrFail(playback, error, { upload: null, hasProgress: false })).toBe('lost');
      expect(await jobOf(playback.id)).toBe(`playback.finalise@${otherId}`);
      expect(await rowOf(playback.id)).toMatchObject({
        recordingStatus: 'PROCESSING',
        retryAt: null,
        failureCode: null,
      });
    }
  });

  it('is tried again however often the database was away, and not when no object can be made of it', async () => {
    const lostConnection = new QueryFailedError('SELECT 1', [], Object.assign(new Error('lost'), { code: '57P01' }));
    for (const [error, last] of [
      [lostConnection, 'retried'],
      [new Error('damaged'), 'failed'],
    ] as const) {
      const playback = await waiting(nodeId);
      const attempts = ['retried', 'retried', 'retried', 'retried', last];
      for (const became of attempts)
        expect(await retry.tryAgainOrFail(playback, error, { upload: null, hasProgress: false })).toBe(became);
    }
  });

  it('keeps its footage on every recorder that has some of it, when it has failed', async () => {
    const otherId = randomUUID();
    const { id } = await waiting(otherId);
    await query(
      `UPDATE playbacks SET footage_nodes = ARRAY[$2, $3]::uuid[], recording_status = 'FAILED', local_path = '/x' WHERE id = $1`,
      [...[id, nodeId, otherId]],
    );
    const rows = app.app.get(UnsafeRangesRepository);
    const nothing = { cameraIds: [], playbackIds: [] };
    const keptBy = async (node: string) => (await rows.find(node, nothing)).some(({ playbackId }) => playbackId === id);
    expect(await Promise.all([nodeId, otherId, randomUUID()].map(keptBy))).toEqual([true, true, false]);
  });

  it('is finalised though its job has vanished', async () => {
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    store.putBytes = () => Promise.reject(AWAY);
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await app.end(id);
    await eventually(async () => {
      const [removed] = await query<{ id: string | null }[]>(
        'SELECT (graphile_worker.remove_job($1)).id AS id WHERE EXISTS (SELECT FROM playbacks WHERE id = $2 AND retry_at > now())',
        [`finalise:${playbackId}`, playbackId],
      );
      expect(removed?.id).toEqual(expect.anything());
    });
    store.putBytes = putBytes;
    await app.until(playbackId, 'COMPLETED', 20_000);
  });

  it('has one attempt after another, also when two jobs ask for it', async () => {
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    let [now, most, times] = [0, 0, 0];
    store.putBytes = async (...put) => {
      [now, times] = [now + 1, times + 1];
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 300));
      now -= 1;
      if (times === 1) throw AWAY;
      return putBytes(...put);
    };
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await app.end(id);
    await app.until(playbackId, 'PROCESSING');
    const finaliser = app.app.get(FinaliseService);
    const context = { signal: new AbortController().signal, attempt: 1 };
    await Promise.all([1, 2, 3].map(() => finaliser.finalise(playbackId, context)));
    await app.until(playbackId, 'COMPLETED');
    store.putBytes = putBytes;
    expect(most).toBe(1);
  });
});
