import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProcess } from '../../src/common/process-table.js';
import { secret } from '../support/secrets.js';
import { download } from './support/media.js';
import {
  addCamera,
  endEvent,
  footageMs,
  getPlayback,
  ODD_PASSWORD,
  trigger,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

describe('the embedded database is killed while the service runs', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;

  beforeAll(async () => {
    service = await TestService.launch({
      database: 'embedded',
      env: { CAMERA_ALLOWED_CIDRS: undefined, RECONCILE_MS: '60000' },
    });
    camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(`${ODD_PASSWORD}-database`) });
    cameraId = await addCamera(service, camera);
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await camera?.stop();
  });

  const serverPid = async () =>
    Number((await readFile(join(service.dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
  const killed = async (pid: number) => {
    process.kill(pid, 'SIGKILL');
    await service.waitFor(async () => ((await serverPid().catch(() => pid)) === pid ? undefined : true));
    await ready();
  };
  const ready = () =>
    service.waitFor(async () => ((await service.request('GET', '/health/ready')).status === 200 ? true : undefined));

  it('three times in a recording: no frame is lost, and the video is finished', async () => {
    const event = await trigger(service, cameraId);
    await waitForFootage(service, event.playbackId, 1_000);
    for (let kill = 0; kill < 3; kill += 1) {
      const before = footageMs(await getPlayback(service, event.playbackId));
      await killed(await serverPid());
      await waitForPlayback(service, event.playbackId, (now) => footageMs(now) > before + 1_000);
    }
    await endEvent(service, event.id);
    const playback = await waitUntilCompleted(service, event.playbackId);
    expect(playback.completeness.gaps.filter(({ cause }) => cause !== 'camera_starting')).toEqual([]);
    const video = await download(service, playback.videoUrl!);
    expect(findCounterHoles(await readFrameCounters(video.path), camera.loopLength)).toEqual([]);
    await rm(video.path);
  }, 120_000);

  it('between a recording and its job: triggers, notifications and jobs all work again', async () => {
    await killed(await serverPid());
    for (let round = 0; round < 2; round += 1) {
      const event = await trigger(service, cameraId);
      await waitForFootage(service, event.playbackId, 1_000);
      await endEvent(service, event.id);
      await waitUntilCompleted(service, event.playbackId);
    }
  }, 90_000);

  it('one of its sessions is killed: the server itself begins anew, and so do we', async () => {
    const before = await serverPid();
    const tree = await readFile(`/proc/${before}/task/${before}/children`, 'utf8');
    const sessions: number[] = [];
    for (const pid of tree.trim().split(' ').map(Number)) {
      const title = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      if (title.includes('127.0.0.1')) sessions.push(pid);
    }
    expect(sessions.length).toBeGreaterThan(0);
    process.kill(sessions[0]!, 'SIGKILL');
    for (const pid of sessions) await service.waitFor(() => (readProcess(pid) ? undefined : true));
    await ready();
    expect(await serverPid()).toBe(before);
    const event = await trigger(service, cameraId);
    await waitForFootage(service, event.playbackId, 1_000);
    await endEvent(service, event.id);
    await waitUntilCompleted(service, event.playbackId);
  }, 90_000);
});
