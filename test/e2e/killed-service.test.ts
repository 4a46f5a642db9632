import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import { ServiceProcess } from '../../tools/service-process.js';
import { decodeErrors, download } from './support/media.js';
import {
  addCamera,
  endEvent,
  footageMs,
  getPlayback,
  sumOfGapsMs,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { Scene } from './support/scene.js';
import type { TestService } from './support/test-service.js';

const EMBEDDED = { database: 'embedded', env: { CAMERA_ALLOWED_CIDRS: undefined } } as const;

const serverPid = async ({ dataDir }: TestService) =>
  Number((await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);

const databases = async (service: TestService) =>
  (await service.children()).filter(({ commandLine }) => commandLine.includes(' -D '));

describe('a service that is killed', () => {
  it.concurrent(
    'takes its FFmpeg with it at once, although that one waits for a camera that says nothing',
    // FFmpeg by itself would hold the camera's session for a minute.
    () =>
      Scene.with({ env: { CAMERA_TIMEOUT_MS: '60000', STALL_TIMEOUT_MS: '300000' } }, async (scene) => {
        const { service, camera } = scene;
        await scene.record();
        camera.pause();
        await service.stop('SIGKILL');
        await waitUntilEmpty(() => service.ffmpegs(), 5_000);
      }),
  );

  it.concurrent(
    'five times in the middle of a recording: one video in the end, and nothing is left',
    () =>
      Scene.with(EMBEDDED, async (scene) => {
        const { service, camera } = scene;
        const event = await scene.record(1_500);
        for (let kill = 0; kill < 5; kill += 1) {
          await service.stop('SIGKILL');
          await service.start();
          const before = footageMs(await getPlayback(service, event.playbackId));
          await waitForPlayback(service, event.playbackId, (now) => footageMs(now) > before + 1_500);
        }
        await endEvent(service, event.id);
        const playback = await waitUntilCompleted(service, event.playbackId);
        expect(await service.call('GET', '/playbacks')).toMatchObject({ total: 1 });
        const { expectedMs, storedMs, gaps } = playback.completeness;
        expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
        expect(gaps.filter(({ cause }) => cause === 'service_stopped')).toHaveLength(5);
        const video = await download(service, playback.videoUrl!);
        expect(await decodeErrors(video.path)).toBe('');
        const holes = findCounterHoles(await readFrameCounters(video.path), camera.loopLength);
        expect(holes).toHaveLength(5);
        await rm(video.path);
        await waitUntilEmpty(() => service.ffmpegs());
        expect(await databases(service)).toHaveLength(1);
      }),
    180_000,
  );

  it.concurrent(
    'comes back when its database was killed with it, and when that one hangs',
    () =>
      Scene.with(EMBEDDED, async ({ service, camera }) => {
        const cameraId = await addCamera(service, camera);
        process.kill(await serverPid(service), 'SIGKILL');
        await service.stop('SIGKILL');
        await service.start();
        expect(await service.call('GET', `/cameras/${cameraId}`)).toMatchObject({ id: cameraId });
        process.kill(await serverPid(service), 'SIGSTOP');
        await service.stop('SIGKILL');
        await service.start();
        expect(await service.call('GET', `/cameras/${cameraId}`)).toMatchObject({ id: cameraId });
        expect(await databases(service)).toHaveLength(1);
      }),
    120_000,
  );
});

describe('a second service on the same folder', () => {
  it.concurrent('does not start, says so in one sentence, and does nothing to the first', () =>
    Scene.with(EMBEDDED, async ({ service }) => {
      const before = await serverPid(service);
      const entry = process.env['HINDSIGHT_ENTRY'];
      const env = { DATA_DIR: service.dataDir, PORT: '0', DATABASE_URL: undefined };
      const second = new ServiceProcess({ env, ...(entry === undefined ? {} : { entry }) });
      await expect(second.start()).rejects.toThrow('the service ended');
      expect(await second.stop()).toEqual({ code: 1, signal: null });
      const sentences = second.log.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
      expect(sentences).toEqual([
        expect.stringMatching(new RegExp(`^Another Hindsight \\(process ${service.pid}\\) runs on .*DATA_DIR`)),
      ]);
      expect(await serverPid(service)).toBe(before);
      expect((await service.request('GET', '/health/ready')).status).toBe(200);
    }),
  );
});
