import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../support/database.js';
import { secret } from '../support/secrets.js';
import { type ProxyMode, TcpProxy } from '../support/tcp-proxy.js';
import {
  endEvent,
  footageMs,
  getPlayback,
  postEvent,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { Scene } from './support/scene.js';
import type { TestService } from './support/test-service.js';

/** On a stalled stream FFmpeg does not listen to SIGINT before its I/O time-out: the drain lasts for as long as a test looks at it. */
const ENDLESS = { CAMERA_TIMEOUT_MS: '60000', STALL_TIMEOUT_MS: '300000', FFMPEG_STOP_TIMEOUT_MS: '60000' };

const isNotReady = (service: TestService) =>
  service.waitFor(async () => ((await service.request('GET', '/health/ready')).status === 503 ? true : undefined));

const waitedFor = (service: TestService, message: RegExp) =>
  service.logLines().find(({ msg }) => message.test(String(msg)))?.['waitedFor'];

describe('SIGTERM during a recording', () => {
  it.concurrent(
    'keeps the recording for the next start, which goes on with it',
    () =>
      Scene.with({ database: 'embedded', env: { CAMERA_ALLOWED_CIDRS: undefined } }, async (scene) => {
        const { service } = scene;
        const event = await scene.record();
        expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
        expect(await service.children()).toEqual([]);
        await service.start();
        const before = footageMs(await getPlayback(service, event.playbackId));
        await waitForPlayback(service, event.playbackId, (now) => footageMs(now) > before + 1_000);
        await endEvent(service, event.id);
        const { completeness } = await waitUntilCompleted(service, event.playbackId);
        const gaps = completeness.gaps.filter(({ cause }) => cause !== 'camera_starting');
        expect(gaps).toEqual([expect.objectContaining({ cause: 'service_stopped' })]);
      }),
    90_000,
  );

  it.concurrent('comes from the terminal and from npm at once, and is one wish', () =>
    Scene.with({}, async (scene) => {
      const { service } = scene;
      await scene.record();
      process.kill(service.pid, 'SIGINT');
      expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(service.log).not.toContain('a second time');
      await waitUntilEmpty(() => service.ffmpegs());
    }),
  );
});

describe('while a stop waits', () => {
  it.concurrent(
    'it takes no trigger and is not ready, but answers everything else; a second signal ends it',
    () =>
      Scene.with({ env: { ...ENDLESS, SHUTDOWN_TIMEOUT_MS: '120000' } }, async (scene) => {
        const { service, camera } = scene;
        const event = await scene.record();
        await scene.hang();
        const stopped = service.stop('SIGTERM');
        await isNotReady(service);
        expect(await service.request('GET', '/health/ready')).toMatchObject({
          status: 503,
          body: { status: 'unavailable', checks: { service: { ok: false, detail: 'is being stopped' } } },
        });
        for (const path of ['/events', '/Events/']) {
          const refused = await service.request('POST', path, { body: { cameraId: event.cameraId, type: 'MOTION' } });
          expect([refused.status, refused.body['code']]).toEqual([503, 'SERVICE.STOPPING']);
          expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        }
        expect((await service.request('GET', '/health/live')).status).toBe(200);
        expect(await service.call('GET', '/events')).toMatchObject({ total: 1 });
        await endEvent(service, event.id);
        expect(await service.ffmpegs()).toHaveLength(1);

        await delay(1_000); // two signals within half a second are one wish
        process.kill(service.pid, 'SIGTERM');
        expect(await stopped).toEqual({ code: 1, signal: null });
        await waitUntilEmpty(() => service.ffmpegs());
        expect(waitedFor(service, /a second time/)).toMatch(/^FFmpeg \(\d+\)$/);

        camera.resume();
        await service.start();
        await waitUntilCompleted(service, event.playbackId);
      }),
    90_000,
  );

  it.concurrent('it ends all the same when its time is over, and says what it waited for', () =>
    Scene.with({ database: 'embedded', env: { ...ENDLESS, SHUTDOWN_TIMEOUT_MS: '1500' } }, async (scene) => {
      const { service } = scene;
      await scene.record();
      await scene.hang();
      expect(await service.stop('SIGTERM')).toEqual({ code: 1, signal: null });
      expect(waitedFor(service, /took too long/)).toMatch(/^FFmpeg \(\d+\)$/);
      await waitUntilEmpty(() => service.children());
    }),
  );
});

describe('SIGTERM during the start', () => {
  it.concurrent('ends it at once', async () => {
    const url = `postgresql://u:${secret('database-password')}@127.0.0.1:1/x`;
    await Scene.prepare({ env: { DATABASE_URL: url } }, async ({ service }) => {
      const started = expect(service.start()).rejects.toThrow('the service ended');
      await service.waitFor(() => (service.log.includes('Retrying') ? true : undefined));
      expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      await started;
    });
  });
});

describe('SIGTERM while the database is away', () => {
  it.concurrent.each<[ProxyMode, number]>([
    ['refused', 0],
    ['silent', 1],
  ])(
    '%s: ends in time with exit code %d, and leaves no FFmpeg',
    async (mode, code) => {
      const database = await createTestDatabase({ migrated: false });
      const proxy = await TcpProxy.start(database.url);
      const env = { DATABASE_URL: proxy.through(database.url), SHUTDOWN_TIMEOUT_MS: '15000' };
      try {
        await Scene.with({ env }, async (scene) => {
          const { service } = scene;
          const event = await scene.record();
          await proxy.set(mode);
          await isNotReady(service);
          expect(await service.stop('SIGTERM')).toEqual({ code, signal: null });
          await waitUntilEmpty(() => service.ffmpegs());
          await proxy.set('open');
          await service.start();
          await endEvent(service, event.id);
          await waitUntilCompleted(service, event.playbackId);
          await postEvent(service, event.cameraId, { type: 'PERSON' });
          await service.stop();
        });
      } finally {
        await proxy.stop();
        await database.drop();
      }
    },
    90_000,
  );
});
