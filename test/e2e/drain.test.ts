import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startVirtualCamera, type VirtualCamera } from '../../tools/virtual-camera/index.js';
import { createTestDatabase } from '../support/database.js';
import { secret } from '../support/secrets.js';
import { type ProxyMode, TcpProxy } from '../support/tcp-proxy.js';
import {
  addCamera,
  endEvent,
  footageMs,
  getPlayback,
  ODD_PASSWORD,
  postEvent,
  trigger,
  type TriggeredEvent,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

/** On a stalled stream FFmpeg does not listen to SIGINT before its I/O time-out: the drain lasts for as long as a test looks at it. */
const ENDLESS = { CAMERA_TIMEOUT_MS: '60000', STALL_TIMEOUT_MS: '300000', FFMPEG_STOP_TIMEOUT_MS: '60000' };

let camera: VirtualCamera;
let service: TestService;

beforeAll(async () => {
  camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(`${ODD_PASSWORD}-drain`) });
});
afterAll(() => camera?.stop());
afterEach(async () => {
  camera.resume();
  await service?.close();
});

async function record(): Promise<TriggeredEvent & { cameraId: string }> {
  const cameraId = await addCamera(service, camera);
  const event = await trigger(service, cameraId);
  await waitForFootage(service, event.playbackId, 1_000);
  return { ...event, cameraId };
}

/** The camera falls silent, and FFmpeg hangs in its read; with data at hand it would heed SIGINT. */
async function hang(): Promise<void> {
  camera.pause();
  await delay(500); // what was under way has arrived
}

const isNotReady = () =>
  service.waitFor(async () => ((await service.request('GET', '/health/ready')).status === 503 ? true : undefined));

const waitedFor = (message: RegExp) => service.logLines().find(({ msg }) => message.test(String(msg)))?.['waitedFor'];

describe('SIGTERM during a recording', () => {
  it('keeps the recording for the next start, which goes on with it', async () => {
    service = await TestService.launch({ database: 'embedded', env: { CAMERA_ALLOWED_CIDRS: undefined } });
    const event = await record();
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await service.children()).toEqual([]);
    await service.start();
    const before = footageMs(await getPlayback(service, event.playbackId));
    await waitForPlayback(service, event.playbackId, (now) => footageMs(now) > before + 1_000);
    await endEvent(service, event.id);
    const { completeness } = await waitUntilCompleted(service, event.playbackId);
    const gaps = completeness.gaps.filter(({ cause }) => cause !== 'camera_starting');
    expect(gaps).toEqual([expect.objectContaining({ cause: 'service_stopped' })]);
  }, 90_000);

  it('comes from the terminal and from npm at once, and is one wish', async () => {
    service = await TestService.launch();
    await record();
    process.kill(service.pid, 'SIGINT');
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(service.log).not.toContain('a second time');
    await waitUntilEmpty(() => service.ffmpegs());
  });
});

describe('while a stop waits', () => {
  it('it takes no trigger and is not ready, but answers everything else; a second signal ends it', async () => {
    service = await TestService.launch({ env: { ...ENDLESS, SHUTDOWN_TIMEOUT_MS: '120000' } });
    const event = await record();
    await hang();
    const stopped = service.stop('SIGTERM');
    await isNotReady();
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
    expect(waitedFor(/a second time/)).toMatch(/^FFmpeg \(\d+\)$/);

    await service.start();
    await waitUntilCompleted(service, event.playbackId);
  }, 90_000);

  it('it ends all the same when its time is over, and says what it waited for', async () => {
    service = await TestService.launch({ database: 'embedded', env: { ...ENDLESS, SHUTDOWN_TIMEOUT_MS: '1500' } });
    await record();
    await hang();
    expect(await service.stop('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(waitedFor(/took too long/)).toMatch(/^FFmpeg \(\d+\)$/);
    await waitUntilEmpty(() => service.children());
  });
});

describe('SIGTERM during the start', () => {
  it('ends it at once', async () => {
    service = await TestService.prepare({
      env: { DATABASE_URL: `postgresql://u:${secret('database-password')}@127.0.0.1:1/x` },
    });
    const started = expect(service.start()).rejects.toThrow('the service ended');
    await service.waitFor(() => (service.log.includes('Retrying') ? true : undefined));
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await started;
  });
});

describe('SIGTERM while the database is away', () => {
  it.each<[ProxyMode, number]>([
    ['refused', 0],
    ['silent', 1],
  ])(
    '%s: ends in time with exit code %d, and leaves no FFmpeg',
    async (mode, code) => {
      const database = await createTestDatabase({ migrated: false });
      const proxy = await TcpProxy.start(database.url);
      try {
        const env = { DATABASE_URL: proxy.through(database.url), SHUTDOWN_TIMEOUT_MS: '15000' };
        service = await TestService.launch({ env });
        const event = await record();
        await proxy.set(mode);
        await isNotReady();
        expect(await service.stop('SIGTERM')).toEqual({ code, signal: null });
        await waitUntilEmpty(() => service.ffmpegs());
        await proxy.set('open');
        await service.start();
        await endEvent(service, event.id);
        await waitUntilCompleted(service, event.playbackId);
        await postEvent(service, event.cameraId, { type: 'PERSON' });
        await service.stop();
      } finally {
        await proxy.stop();
        await database.drop();
      }
    },
    90_000,
  );
});
