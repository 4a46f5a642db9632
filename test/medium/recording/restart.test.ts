import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

describe('a recorder that is stopped and started, or short of something', () => {
  let database: TestDatabase;
  let recordDir: string;
  let camera: VirtualCamera;
  let app: RecorderApp | undefined;
  beforeEach(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-restart-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({
      profile: 'h264-pcmu',
      gopSec: 1,
      username: 'admin',
      password: 'correct horse',
    });
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  const start = async (env: Record<string, string> = {}) => (app = await startRecorderApp(database, recordDir, env));

  /** Ends the process as SIGTERM does, within its time. */
  async function stop(): Promise<void> {
    const begunAtMs = performance.now();
    await app!.close();
    app = undefined;
    expect(performance.now() - begunAtMs).toBeLessThan(8_000);
    expect(camera.stats().sessionsOpen).toBe(0);
  }

  it('goes on with an event that has not ended: one playback, and the time between is a gap', async () => {
    const first = await start();
    const { id, playbackId } = await first.trigger(await first.addCamera(camera));
    await first.untilFootage(playbackId, 2_000);
    await stop();
    const second = await start();
    expect(['RECORDING']).toContain((await second.playback(playbackId)).recordingStatus);
    await second.untilFootage(playbackId, 4_000);
    await second.end(id);
    const done = await second.until(playbackId, 'COMPLETED');
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting', 'service_stopped']);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    await eventually(async () => expect(await leftFootage(recordDir)).toEqual([]));
  });

  it('keeps the ring over a restart: an event reported afterwards still has its pre-roll from before', async () => {
    const first = await start();
    const cameraId = await first.addCamera(camera, { preRollSec: 5 });
    const opened = () => camera.stats().sessions[0]?.openedAt.getTime() ?? Infinity;
    await eventually(() => expect(Date.now() - opened()).toBeGreaterThan(8_000));
    const occurredAtMs = Date.now();
    await stop();
    // What is not needed goes at the start already; the camera is another's until a moment later.
    const other = await LockSession.open(database.url);
    await other.tryLock([`hindsight camera ${cameraId}`]);
    const second = await start();
    await delay(1_000);
    await other.close();
    await eventually(() => expect(camera.stats().sessionsOpened).toBe(2));
    const occurredAt = new Date(occurredAtMs).toISOString();
    const { id, playbackId } = await second.trigger(cameraId, { occurredAt });
    await second.untilFootage(playbackId, 2_000);
    await second.end(id);
    const done = await second.until(playbackId, 'COMPLETED');
    expect(Date.parse(done.startedAt!)).toBeLessThanOrEqual(occurredAtMs - 5_000);
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['no_pre_roll']);
  });

  it('does not take the ring for a short event: it gets a fragment of its own, though it ends before the camera is open again', async () => {
    const first = await start();
    const cameraId = await first.addCamera(camera, { preRollSec: 5 });
    const opened = () => camera.stats().sessions[0]?.openedAt.getTime() ?? Infinity;
    await eventually(() => expect(Date.now() - opened()).toBeGreaterThan(5_000));
    await stop();
    const stoppedAtMs = Date.now();
    const other = await LockSession.open(database.url);
    await other.tryLock([`hindsight camera ${cameraId}`]);
    const second = await start();
    const { id, playbackId } = await second.trigger(cameraId);
    await second.end(id);
    await other.close();
    const done = await second.until(playbackId, 'COMPLETED');
    expect(Date.parse(done.startedAt!)).toBeLessThan(stoppedAtMs);
    expect(Date.parse(done.endedAt!)).toBeGreaterThan(Date.parse(done.createdAt));
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
  });

  it('finishes an event that was ended while nobody was there', async () => {
    const first = await start();
    const { id, playbackId } = await first.trigger(await first.addCamera(camera));
    await first.untilFootage(playbackId, 2_000);
    await stop();
    await database.dataSource.query(
      `UPDATE playbacks SET range_end_at = now(), end_reason = 'event_ended' WHERE id = $1`,
      [playbackId],
    );
    await database.dataSource.query('UPDATE events SET ended_at = now() WHERE id = $1', [id]);
    const sessions = camera.stats().sessionsOpened;
    const second = await start();
    const done = await second.until(playbackId, 'COMPLETED');
    expect(done.durationMs).toBeGreaterThan(1_900);
    expect(camera.stats().sessionsOpened).toBe(sessions);
    for (const { cause } of done.completeness.gaps.slice(1)) expect(cause).toBe('service_stopped');
  });

  it('says that it came too late for an event that began and ended while nobody was there', async () => {
    const first = await start();
    const cameraId = await first.addCamera(camera);
    await stop();
    const [{ id }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, range_start_at, range_end_at, deadline_at, created_at)
         VALUES ($1, now() - interval '60 s', now() - interval '50 s', now(), now() - interval '60 s') RETURNING id`,
      [cameraId],
    );
    const second = await start();
    const failed = await second.until(id, 'FAILED');
    expect(failed.failure!.code).toBe('RECORDING.TOO_LATE');
    expect(failed.completeness).toMatchObject({
      expectedMs: 10_000,
      storedMs: 0,
      gaps: [{ cause: 'service_stopped' }],
    });
    expect(camera.stats().sessionsOpened).toBe(0);
  });

  it('takes up an event that began while nobody was there and is still going on', async () => {
    const first = await start();
    const cameraId = await first.addCamera(camera);
    await stop();
    const [{ id }] = await database.dataSource.query<[{ id: string }]>(
      `INSERT INTO playbacks (camera_id, range_start_at, deadline_at, created_at)
         VALUES ($1, now() - interval '60 s', now() + interval '60 s', now() - interval '60 s') RETURNING id`,
      [cameraId],
    );
    const second = await start();
    await second.untilFootage(id);
    await second.call('POST', `/playbacks/${id}/stop`, { token: second.token });
    const done = await second.until(id, 'COMPLETED');
    expect(done).toMatchObject({ endReason: 'stopped' });
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['service_stopped']);
    expect(missingMs(done)).toBeGreaterThanOrEqual(60_000);
  });

  it('stores after a restart what could not be stored before, also when a dead process holds the job', async () => {
    const first = await start();
    first.app.get(ObjectStore).putBytes = async () => {
      throw new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
    };
    const { id, playbackId } = await first.trigger(await first.addCamera(camera));
    await first.untilFootage(playbackId);
    await first.end(id);
    await eventually(async () => expect((await first.playback(playbackId)).retry?.attempts).toBeGreaterThan(0));
    await stop();
    await database.dataSource.query(
      `UPDATE graphile_worker._private_jobs SET locked_by = 'worker-of-the-dead', locked_at = now(), attempts = 1`,
    );
    const second = await start();
    const done = await second.until(playbackId, 'COMPLETED');
    expect(done.retry).toBeNull();
  });

  it('refuses at once when the disk is too full, and keeps the event', async () => {
    const short = await start({ MIN_FREE_DISK_BYTES: String(Number.MAX_SAFE_INTEGER) });
    const { id, playbackId, recording } = await short.trigger(await short.addCamera(camera));
    expect(recording.state).toBe('refused');
    expect(recording.reason).toMatch(/MIN_FREE_DISK_BYTES/);
    const failed = await short.until(playbackId, 'FAILED');
    expect(failed.failure!.code).toBe('RECORDING.DISK_FULL');
    const { expectedMs, storedMs } = failed.completeness;
    expect(storedMs).toBe(0);
    expect(missingMs(failed)).toBe(expectedMs);
    expect((await short.call('GET', `/events/${id}`, { token: short.token })).status).toBe(200);
    await short.end(id);
    expect(camera.stats().sessionsOpened).toBe(0);
  });

  it('says that FFmpeg is missing, and keeps the event', async () => {
    const without = await start({ FFMPEG_PATH: '/nowhere/ffmpeg' });
    const { playbackId, recording } = await without.trigger(await without.addCamera(camera));
    expect(recording).toMatchObject({ state: 'refused' });
    const failed = await without.until(playbackId, 'FAILED');
    expect(failed.failure!.code).toBe('RECORDING.FFMPEG_MISSING');
    expect(failed.failure!.message).toMatch(/FFMPEG_PATH/);
  });

  it('lets recordings wait for a slot, in their order, and counts the waiting as a gap', async () => {
    const small = await start({ MAX_CONCURRENT_RECORDINGS: '1', CAMERA_START_TIMEOUT_MS: '12000' });
    const [busy, waiting] = [await small.addCamera(camera), await small.addCamera(camera)];
    const first = await small.trigger(busy);
    const second = await small.trigger(waiting);
    const third = await small.trigger(waiting);
    await small.untilFootage(first.playbackId, 13_000);
    expect((await small.playback(second.playbackId)).recordingStatus).toBe('PENDING');
    await small.end(third.id);
    await small.end(first.id);
    await small.until(first.playbackId, 'COMPLETED');
    // It waited longer than a camera has to start, and gets its time all the same.
    await small.untilFootage(second.playbackId, 1_000);
    expect((await small.playback(third.playbackId)).recordingStatus).toBe('PENDING');
    await small.end(second.id);
    const done = await small.until(second.playbackId, 'COMPLETED');
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['waiting_for_slot']);
    await eventually(async () => {
      expect(['COMPLETED', 'FAILED']).toContain((await small.playback(third.playbackId)).recordingStatus);
    });
  });
});
