import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVirtualCamera, type VirtualCamera, type VirtualCameraOptions } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import type { CameraResponse } from '../../../src/modules/camera/dto/camera-response.dto.js';
import { createTestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** A camera and a recorder of its own for each test: they run side by side. */
class Stage {
  private constructor(
    readonly app: RecorderApp,
    readonly camera: VirtualCamera,
    readonly cameraId: string,
  ) {}

  static async with(options: VirtualCameraOptions, play: (stage: Stage) => Promise<void>): Promise<void> {
    const recordDir = await mkdtemp(join(tmpdir(), 'hindsight-status-'));
    const database = await createTestDatabase();
    const app = await startRecorderApp(database, recordDir, { STALL_TIMEOUT_MS: '4000' });
    const login = { username: 'admin', password: 'secret' };
    const camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1, ...login, ...options });
    try {
      await play(new Stage(app, camera, await app.addCamera(camera)));
    } finally {
      await app.close();
      await camera.stop();
      await database.drop();
      await rm(recordDir, { recursive: true, force: true });
    }
  }

  async read(): Promise<CameraResponse['status']> {
    const { app, cameraId } = this;
    const { json } = await app.call('GET', `/cameras/${cameraId}`, { token: app.token });
    return json['status'] as CameraResponse['status'];
  }

  untilState(state: string) {
    return eventually(async () => {
      const status = await this.read();
      expect(status?.state).toBe(state);
      return status!;
    });
  }

  async metric(name: string): Promise<number> {
    const { text } = await this.app.call('GET', '/metrics', { token: this.app.token });
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.split(' ')[1]);
  }
}

describe('a camera', () => {
  it.concurrent('says whether it is there, since when, and what went wrong last', () =>
    Stage.with({}, async (stage) => {
      const { app, camera, cameraId } = stage;
      expect(await stage.read()).toBeNull();
      const { id, playbackId } = await app.trigger(cameraId);
      const online = await stage.untilState('online');
      expect(online.lastError).toBeNull();
      expect(await stage.metric('hindsight_cameras{state="online"}')).toBe(1);
      await app.untilFootage(playbackId);

      await camera.refuse(true);
      const droppedAtMs = Date.now();
      camera.dropSessions();
      const offline = await stage.untilState('offline');
      expect(Date.parse(offline.since)).toBeGreaterThan(Date.parse(online.since));
      expect(Date.parse(offline.since)).toBeLessThan(droppedAtMs + 1_000);
      const away = await eventually(async () => {
        const status = await stage.read();
        expect(status!.lastError?.code).toBe('CAMERA.UNREACHABLE');
        return status!;
      });
      const lastError = { message: expect.any(String) };
      expect(away).toMatchObject({ state: 'offline', since: offline.since, lastError });
      expect(await stage.metric('hindsight_cameras{state="offline"}')).toBe(1);
      expect(await stage.metric('hindsight_capture_failures_total{cause="camera_unreachable"}')).toBeGreaterThan(0);

      await camera.refuse(false);
      expect((await stage.untilState('online')).lastError).toEqual(away.lastError);
      const { json } = await app.call('GET', '/cameras', { token: app.token });
      const listed = (json['data'] as CameraResponse[]).find((one) => one.id === cameraId);
      expect(listed!.status!.state).toBe('online');

      await app.end(id);
      expect((await stage.untilState('idle')).lastError).toEqual(away.lastError);
      const done = await app.until(playbackId, 'COMPLETED');
      const { expectedMs, storedMs } = done.completeness;
      expect(await stage.metric('hindsight_expected_seconds_total')).toBeCloseTo(expectedMs! / 1_000, 2);
      expect(await stage.metric('hindsight_stored_seconds_total')).toBeCloseTo(storedMs! / 1_000, 2);
    }),
  );

  it.concurrent.each([
    ['knows no stream yet', { notFound: true }],
    ['is not available yet', { unavailable: true }],
    ['takes no connection yet', { refusing: true }],
  ])('that is starting and %s is waited for: the event is recorded as soon as it gives a picture', (_what, fault) =>
    Stage.with({}, async ({ app, camera, cameraId }) => {
      await camera.faults.set(fault, { forSec: 8 });
      const { id, playbackId } = await app.trigger(cameraId);
      await app.untilFootage(playbackId);
      await app.end(id);
      const done = await app.until(playbackId, 'COMPLETED');
      expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
      expect(missingMs(done)).toBeGreaterThan(4_000);
      expect(done.completeness.gaps).toHaveLength(1);
    }),
  );

  it.concurrent(
    'that allows one session never gets a second one: two events, a probe and a restart of FFmpeg share it',
    () =>
      Stage.with({ maxSessions: 1 }, async ({ app, camera, cameraId }) => {
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
      }),
  );
});
