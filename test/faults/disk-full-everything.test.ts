import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addCamera, endEvent, trigger, waitUntilCompleted, waitUntilEmpty } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { describeAsRoot, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { Cast, expectAccounted, hears, judge, tell } from './support/story.js';

const DISK_MIB = 384;
const MIN_FREE_MIB = 32;
const BALLAST = 'ballast';

/** As the service is without any setting: its database, its footage and its videos share one disk. */
describeAsRoot('a disk for everything, full to the last byte', () => {
  const cast = new Cast();
  let disk: SmallDisk;
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;

  beforeAll(async () => {
    disk = await mountSmallDisk(DISK_MIB);
    service = await TestService.launch({
      ...{ database: 'embedded', parentDir: disk.dir },
      env: { MIN_FREE_DISK_BYTES: String(MIN_FREE_MIB * 1024 ** 2), DISK_CHECK_MS: '200' },
    });
    camera = await cast.camera();
    cameraId = await addCamera(service, camera, { name: 'yard' });
  }, 60_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await disk?.remove();
  });

  async function expectWhole(playback: PlaybackResponse): Promise<void> {
    const story = { camera, playback, ...(await judge(service, camera, playback)), event: undefined as never };
    expectAccounted(story);
    expect(story.object.noise).toBe('');
    expect(story.judgement.stored.size).toBeGreaterThan(camera.fps);
  }

  /** Nothing can be written, for some seconds; then everything can. */
  async function beFull(): Promise<void> {
    await disk.fill(BALLAST, DISK_MIB).catch(() => undefined);
    const { bavail, bsize } = await statfs(disk.dir);
    expect(bavail * bsize).toBeLessThan(1024 ** 2);
    await delay(6_000);
    expect(service.running).toBe(true);
    await disk.empty(BALLAST);
    await service.waitFor(async () => {
      const { status } = await service.request('GET', '/health/ready');
      return status === 200 ? true : undefined;
    });
  }

  it('during a recording: what exists is saved, and the next event records again', async () => {
    const event = await trigger(service, cameraId);
    await hears(camera, 4);
    await beFull();
    await endEvent(service, event.id);
    await expectWhole(await waitUntilCompleted(service, event.playbackId, 60_000));
    const next = await tell(service, camera, { settings: { name: 'next' } });
    expectAccounted(next);
    expect(next.judgement.lost).toEqual([]);
  }, 120_000);

  it('while a video is being made: it is made when there is room, and whole', async () => {
    const event = await trigger(service, cameraId);
    await hears(camera, 4);
    await endEvent(service, event.id);
    await beFull();
    await expectWhole(await waitUntilCompleted(service, event.playbackId, 90_000));
  }, 150_000);

  it('leaves nothing running, and was not started again', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    expect(service.logLines().filter(({ msg }) => msg === 'Hindsight is ready')).toHaveLength(1);
  });
});
