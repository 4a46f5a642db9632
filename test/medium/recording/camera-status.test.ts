import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CameraResponse } from '../../../src/modules/camera/dto/camera-response.dto.js';
import {
  startVirtualCamera,
  type VirtualCamera,
  type VirtualCameraOptions,
} from '../../../tools/virtual-camera/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from './support/eventually.js';
import { missingMs, type RecorderApp, startRecorderApp } from './support/recorder-app.js';

describe('a camera', () => {
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;
  let camera: VirtualCamera;
  let cameraId: string;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-status-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, recordDir, { STALL_TIMEOUT_MS: '4000' });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });
  afterEach(() => camera.stop());

  async function start(options: Partial<VirtualCameraOptions> = {}): Promise<void> {
    camera = await startVirtualCamera({
      profile: 'h264-silent',
      gopSec: 1,
      username: 'admin',
      password: 'secret',
      ...options,
    });
    cameraId = await app.addCamera(camera);
  }

  const read = async (): Promise<CameraResponse['status']> => {
    const { json } = await app.call('GET', `/cameras/${cameraId}`, { token: app.token });
    return json['status'] as CameraResponse['status'];
  };
  const untilState = (state: string) =>
    eventually(async () => {
      const status = await read();
      expect(status?.state).toBe(state);
      return status!;
    });
  const metric = async (name: string): Promise<number> => {
    const { text } = await app.call('GET', '/metrics', { token: app.token });
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  };

  it('says whether it is there, since when, and what went wrong last', async () => {
    await start();
    expect(await read()).toBeNull();
    const { id, playbackId } = await app.trigger(cameraId);
    const online = await untilState('online');
    expect(online.lastError).toBeNull();
    expect(await metric('hindsight_cameras{state="online"}')).toBe(1);
    await app.untilFootage(playbackId);

    await camera.refuse(true);
    const droppedAtMs = Date.now();
    camera.dropSessions();
    const offline = await untilState('offline');
    expect(Date.parse(offline.since)).toBeGreaterThan(Date.parse(online.since));
    expect(Date.parse(offline.since)).toBeLessThan(droppedAtMs + 1_000);
    const away = await eventually(async () => {
      const status = await read();
      expect(status!.lastError?.code).toBe('CAMERA.UNREACHABLE');
      return status!;
    });
    expect(away).toMatchObject({ state: 'offline', since: offline.since, lastError: { message: expect.any(String) } });
    expect(await metric('hindsight_cameras{state="offline"}')).toBe(1);
    expect(await metric('hindsight_capture_failures_total{cause="camera_unreachable"}')).toBeGreaterThan(0);

    await camera.refuse(false);
    expect((await untilState('online')).lastError).toEqual(away.lastError);
    const { json } = await app.call('GET', '/cameras', { token: app.token });
    const listed = (json['data'] as CameraResponse[]).find((one) => one.id === cameraId);
    expect(listed!.status!.state).toBe('online');

    await app.end(id);
    expect((await untilState('idle')).lastError).toEqual(away.lastError);
    const done = await app.until(playbackId, 'COMPLETED');
    const { expectedMs, storedMs } = done.completeness;
    expect(await metric('hindsight_expected_seconds_total')).toBeCloseTo(expectedMs! / 1_000, 2);
    expect(await metric('hindsight_stored_seconds_total')).toBeCloseTo(storedMs! / 1_000, 2);
  });

  it.each([
    ['knows no stream yet', { notFound: true }],
    ['is not available yet', { unavailable: true }],
    ['takes no connection yet', { refusing: true }],
  ])(
    'that is starting and %s is waited for: the event is recorded as soon as it gives a picture',
    async (_what, fault) => {
      await start();
      await camera.faults.set(fault, { forSec: 8 });
      const { id, playbackId } = await app.trigger(cameraId);
      await app.untilFootage(playbackId);
      await app.end(id);
      const done = await app.until(playbackId, 'COMPLETED');
      expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
      expect(missingMs(done)).toBeGreaterThan(4_000);
      expect(done.completeness.gaps).toHaveLength(1);
    },
  );

  it('that allows one session never gets a second one: two events, a probe and a restart of FFmpeg share it', async () => {
    await start({ maxSessions: 1 });
    const first = await app.trigger(cameraId);
    await app.untilFootage(first.playbackId);
    const second = await app.trigger(cameraId);
    const probe = await app.call('POST', `/cameras/${cameraId}/probe`, { token: app.token });
    expect(probe.json).toMatchObject({ ok: true, code: null });
    await app.untilFootage(second.playbackId);
    expect(camera.stats()).toMatchObject({ sessionsOpen: 1, sessionsOpened: 1, sessionsRefused: 0 });

    camera.dropSessions();
    await eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpen: 1, sessionsOpened: 2 }));
    await camera.faults.set({ stalled: true });
    await eventually(() => expect(camera.stats().sessionsOpened).toBe(3));
    await camera.faults.set({ stalled: false });
    const before = (await app.playback(second.playbackId)).progress!.durationMs ?? 0;
    await app.untilFootage(second.playbackId, before + 1_000);
    await app.end(first.id);
    await app.end(second.id);
    for (const { playbackId } of [first, second]) await app.until(playbackId, 'COMPLETED');
    expect(camera.stats()).toMatchObject({ sessionsOpen: 0, sessionsOpened: 3, sessionsRefused: 0 });
  });
});
