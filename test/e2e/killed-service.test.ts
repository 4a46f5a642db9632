import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  findCounterHoles,
  readFrameCounters,
  startVirtualCamera,
  type VirtualCamera,
} from '../../tools/virtual-camera/index.js';
import { ServiceProcess } from '../../tools/service-process.js';
import { secret } from '../support/secrets.js';
import { decodeErrors, download } from './support/media.js';
import {
  addCamera,
  endEvent,
  footageMs,
  getPlayback,
  ODD_PASSWORD,
  sumOfGapsMs,
  trigger,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { TestService } from './support/test-service.js';
import { rm } from 'node:fs/promises';

let camera: VirtualCamera;
let service: TestService;

beforeAll(async () => {
  camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(`${ODD_PASSWORD}-killed`) });
});
afterAll(() => camera?.stop());
afterEach(async () => {
  camera.resume();
  await service?.close();
});

const launchEmbedded = () => TestService.launch({ database: 'embedded', env: { CAMERA_ALLOWED_CIDRS: undefined } });
const serverPid = async () =>
  Number((await readFile(join(service.dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);

describe('a service that is killed', () => {
  it('takes its FFmpeg with it at once, although that one waits for a camera that says nothing', async () => {
    // FFmpeg by itself would hold the camera's session for a minute.
    service = await TestService.launch({ env: { CAMERA_TIMEOUT_MS: '60000', STALL_TIMEOUT_MS: '300000' } });
    const { playbackId } = await trigger(service, await addCamera(service, camera));
    await waitForFootage(service, playbackId, 1_000);
    camera.pause();
    await service.stop('SIGKILL');
    await waitUntilEmpty(() => service.ffmpegs(), 5_000);
  });

  it('five times in the middle of a recording: one video in the end, and nothing is left', async () => {
    service = await launchEmbedded();
    const event = await trigger(service, await addCamera(service, camera));
    await waitForFootage(service, event.playbackId, 1_500);
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
    expect((await service.children()).filter(({ commandLine }) => commandLine.includes(' -D '))).toHaveLength(1);
  }, 180_000);

  it('comes back when its database was killed with it, and when that one hangs', async () => {
    service = await launchEmbedded();
    const cameraId = await addCamera(service, camera);
    const server = await serverPid();
    process.kill(server, 'SIGKILL');
    await service.stop('SIGKILL');
    await service.start();
    expect(await service.call('GET', `/cameras/${cameraId}`)).toMatchObject({ id: cameraId });
    process.kill(await serverPid(), 'SIGSTOP');
    await service.stop('SIGKILL');
    await service.start();
    expect(await service.call('GET', `/cameras/${cameraId}`)).toMatchObject({ id: cameraId });
    expect((await service.children()).filter(({ commandLine }) => commandLine.includes(' -D '))).toHaveLength(1);
  }, 120_000);
});

describe('a second service on the same folder', () => {
  it('does not start, says so in one sentence, and does nothing to the first', async () => {
    service = await launchEmbedded();
    const before = await serverPid();
    const entry = process.env['HINDSIGHT_ENTRY'];
    const env = { DATA_DIR: service.dataDir, PORT: '0', DATABASE_URL: undefined };
    const second = new ServiceProcess({ env, ...(entry === undefined ? {} : { entry }) });
    await expect(second.start()).rejects.toThrow('the service ended');
    expect(await second.stop()).toEqual({ code: 1, signal: null });
    const sentences = second.log.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(sentences).toEqual([
      expect.stringMatching(new RegExp(`^Another Hindsight \\(process ${service.pid}\\) runs on .*DATA_DIR`)),
    ]);
    expect(await serverPid()).toBe(before);
    expect((await service.request('GET', '/health/ready')).status).toBe(200);
  }, 60_000);
});
