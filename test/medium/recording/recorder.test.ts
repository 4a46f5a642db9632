import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { AppError } from '../../../src/common/errors.js';
import { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

describe('the recorder', () => {
  const clock = new SystemClock();
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;
  let camera: VirtualCamera | undefined;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-recorder-'));
    database = await createTestDatabase();
    const env = { CAMERA_START_TIMEOUT_MS: '6000', STALL_TIMEOUT_MS: '4000', UPLOAD_REFUSED_SEC: '0' };
    app = await startRecorderApp(database, recordDir, env);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await camera?.stop();
    camera = undefined;
  });

  async function withCamera(fields: Record<string, unknown> = {}): Promise<[VirtualCamera, string]> {
    camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 1, username: 'admin', password: 'correct horse' });
    return [camera, await app.addCamera(camera, fields)];
  }

  /** Downloads a finished video and reads its counters. */
  async function countersOf(playbackId: string): Promise<number[]> {
    const response = await fetch(`${app.url}/playbacks/${playbackId}/video`, {
      headers: { authorization: `Bearer ${app.token}` },
    });
    const path = join(recordDir, `${playbackId}.download`);
    await writeFile(path, Buffer.from(await response.arrayBuffer()));
    return readFrameCounters(path).finally(() => rm(path));
  }

  /** How often the recorder has said that it does not get the camera. */
  const interruptionsOf = (cameraId: string) =>
    app.lines.filter((line) => line.includes('capture interrupted') && line.includes(cameraId)).length;
  const settled = () => eventually(async () => expect(await leftFootage(recordDir)).toEqual([]));

  it('records an event from its trigger to its end, and leaves nothing behind', async () => {
    const [{ stats, loopLength }, cameraId] = await withCamera();
    const { id, playbackId, recording } = await app.trigger(cameraId);
    expect(recording).toEqual({ state: 'requested' });
    await app.untilFootage(playbackId, 2_000);
    const { recordingStatus, progress } = await app.playback(playbackId);
    expect(recordingStatus).toBe('RECORDING');
    expect(progress!.fps).toBeCloseTo(25, 0);
    expect(progress!.frames).toBeGreaterThanOrEqual(49);
    expect(progress!.bitrateKbps).toBeGreaterThan(300);
    await app.end(id);
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done).toMatchObject({
      endReason: 'event_ended',
      codec: 'h264',
      failure: null,
      retry: null,
      localPath: null,
    });
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting']);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    expect(findCounterHoles(await countersOf(playbackId), loopLength)).toEqual([]);
    await settled();
    await eventually(() => expect(stats().sessionsOpen).toBe(0));
  });

  it('opens a camera once for events that overlap in every way', async () => {
    const [{ stats, loopLength }, cameraId] = await withCamera();
    const outer = await app.trigger(cameraId);
    await app.untilFootage(outer.playbackId);
    const [inner, late, instant] = [
      await app.trigger(cameraId),
      await app.trigger(cameraId),
      await app.trigger(cameraId),
    ];
    await app.end(instant.id);
    await app.untilFootage(inner.playbackId);
    await app.end(inner.id);
    await app.until(inner.playbackId, 'COMPLETED');
    expect((await app.playback(outer.playbackId)).recordingStatus).toBe('RECORDING');
    await app.end(outer.id);
    await app.until(outer.playbackId, 'COMPLETED');
    await app.untilFootage(late.playbackId, 3_000);
    await app.end(late.id);
    await app.until(late.playbackId, 'COMPLETED');
    await app.until(instant.playbackId, 'COMPLETED');
    expect(stats().sessionsOpened).toBe(1);
    for (const { playbackId } of [outer, inner, late, instant]) {
      const counters = await countersOf(playbackId);
      expect(counters.length).toBeGreaterThanOrEqual(20);
      expect(findCounterHoles(counters, loopLength)).toEqual([]);
    }
    await settled();
  });

  it('gets a fragment of an event that was over before its cold camera gave a picture', async () => {
    const [, cameraId] = await withCamera();
    const { id, playbackId } = await app.trigger(cameraId);
    await app.end(id);
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done.durationMs).toBeGreaterThan(200);
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting']);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
  });

  it('ends by itself an event that nobody ends', async () => {
    const [{ stats }, cameraId] = await withCamera({ maxRecordingSec: 15 });
    const { playbackId } = await app.trigger(cameraId);
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done).toMatchObject({ endReason: 'max_duration' });
    expect(Math.abs(done.completeness.expectedMs! - 15_000)).toBeLessThan(200);
    await eventually(() => expect(stats().sessionsOpen).toBe(0));
  });

  it('fails at once when the password is wrong, and says so', async () => {
    const [, cameraId] = await withCamera({ password: 'not the password' });
    const begunAtMs = performance.now();
    const { playbackId } = await app.trigger(cameraId);
    const failed = await app.until(playbackId, 'FAILED');
    expect(performance.now() - begunAtMs).toBeLessThan(5_000);
    expect(failed.failure).toMatchObject({ code: 'CAMERA.WRONG_PASSWORD' });
    expect(failed).toMatchObject({ endReason: 'start_failed', localPath: null, videoUrl: null });
    const { expectedMs, storedMs, gaps } = failed.completeness;
    expect(storedMs).toBe(0);
    expect(gaps.map(({ cause }) => cause)).toEqual(['camera_refused']);
    expect(missingMs(failed)).toBe(expectedMs);
    await settled();
  });

  it('fails when the camera cannot be reached in time', async () => {
    const [{ refuse }, cameraId] = await withCamera();
    await refuse(true);
    const { playbackId } = await app.trigger(cameraId);
    const failed = await app.until(playbackId, 'FAILED');
    expect(failed.failure!.code).toBe('CAMERA.UNREACHABLE');
    expect(failed.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_unreachable']);
    expect(failed.completeness.expectedMs).toBeGreaterThanOrEqual(5_500);
  });

  it('does not let anybody wait for an unreachable camera once the event is over', async () => {
    const [{ refuse }, cameraId] = await withCamera();
    await refuse(true);
    const { id, playbackId } = await app.trigger(cameraId);
    await eventually(() => expect(interruptionsOf(cameraId)).toBeGreaterThan(0));
    await app.end(id);
    const before = interruptionsOf(cameraId);
    await app.until(playbackId, 'FAILED');
    // The one attempt that was under way.
    expect(interruptionsOf(cameraId) - before).toBeLessThanOrEqual(1);
  });

  it('keeps recording over a camera that went away and came back: one playback, one gap with its cause', async () => {
    const [{ dropSessions, refuse, stats }, cameraId] = await withCamera();
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId, 1_500);
    await refuse(true);
    dropSessions();
    await clock.sleep(1_500);
    await refuse(false);
    await eventually(() => expect(stats().sessionsOpened).toBe(2));
    const before = (await app.playback(playbackId)).progress!.durationMs!;
    await app.untilFootage(playbackId, before + 1_500);
    await app.end(id);
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done.completeness.gaps).toHaveLength(2);
    expect(done.completeness.gaps[0]!.cause).toBe('camera_starting');
    expect(['camera_lost', 'camera_unreachable']).toContain(done.completeness.gaps[1]!.cause);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    expect(done.durationMs! / 1_000).toBeCloseTo((Date.parse(done.endedAt!) - Date.parse(done.startedAt!)) / 1_000, 0);
    await settled();
  });

  it('ends an event during a camera loss without waiting for the camera, with the loss as its cause', async () => {
    const [{ dropSessions, refuse }, cameraId] = await withCamera();
    const [one, other] = [await app.trigger(cameraId), await app.trigger(cameraId)];
    await app.untilFootage(one.playbackId, 1_500);
    await refuse(true);
    dropSessions();
    await clock.sleep(1_000);
    await app.end(one.id);
    const done = await app.until(one.playbackId, 'COMPLETED');
    // Who still wants the camera still waits for it.
    expect(await app.playback(other.playbackId)).toMatchObject({ recordingStatus: 'RECORDING' });
    expect(['camera_lost', 'camera_unreachable']).toContain(done.completeness.gaps.at(-1)!.cause);
    await app.end(other.id);
    await app.until(other.playbackId, 'COMPLETED');
  });

  it('stores one event for a hundred requests with the same key', async () => {
    const [, cameraId] = await withCamera();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        app.trigger(cameraId, { metadata: { zone: 'a' } }, { 'idempotency-key': 'one' }),
      ),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const events = await app.call('GET', `/events?cameraId=${cameraId}`, { token: app.token });
    const playbacks = await app.call('GET', `/playbacks?cameraId=${cameraId}`, { token: app.token });
    expect([events.json['total'], playbacks.json['total']]).toEqual([1, 1]);
    await app.end(answers[0]!.id);
    await app.until(answers[0]!.playbackId, 'COMPLETED');
  });

  it('keeps a finished video until the store is back, and says that it is trying', async () => {
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    store.putBytes = async () => {
      throw new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
    };
    const [, cameraId] = await withCamera();
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await app.end(id);
    await eventually(async () => {
      const { recordingStatus, retry } = await app.playback(playbackId);
      expect([recordingStatus, retry?.reason]).toEqual(['PROCESSING', 'The store is away.']);
      expect(retry!.attempts).toBeGreaterThanOrEqual(2);
      expect(Date.parse(retry!.at!)).toBeGreaterThan(Date.now() - 10_000);
    });
    expect(await leftFootage(recordDir)).toContainEqual(expect.stringMatching(/\d{9}\.mp4$/));
    store.putBytes = putBytes;
    await app.until(playbackId, 'COMPLETED');
    await settled();
  });

  it('keeps the footage of a video that the store will never take, until it is deleted', async () => {
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    store.putBytes = async () => {
      throw new AppError({
        code: 'STORAGE.REJECTED',
        message: 'The store refuses it.',
      });
    };
    const [, cameraId] = await withCamera();
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await app.end(id);
    const failed = await app.until(playbackId, 'FAILED');
    store.putBytes = putBytes;
    expect(failed.failure).toEqual({
      code: 'STORAGE.REJECTED',
      message: 'The store refuses it. The footage is kept on the recorder.',
    });
    const kept = await leftFootage(recordDir);
    expect(kept).toContainEqual(expect.stringMatching(/\d{9}\.mp4$/));
    for (const path of kept) expect(path.startsWith(failed.localPath!)).toBe(true);
    // Another recording's end sweeps the log: this one's footage stays.
    const other = await app.trigger(cameraId);
    await app.end(other.id);
    await app.until(other.playbackId, 'COMPLETED');
    expect(await leftFootage(recordDir)).toEqual(expect.arrayContaining(kept));
    expect((await app.call('DELETE', `/playbacks/${playbackId}`, { token: app.token })).status).toBe(204);
    const last = await app.trigger(cameraId);
    await app.end(last.id);
    await app.until(last.playbackId, 'COMPLETED');
    await settled();
  });
});
