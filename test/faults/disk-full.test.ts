import type { PlaybackResponse } from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  addCamera,
  endEvent,
  postEvent,
  trigger,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { describeAsRoot, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { Cast, expectAccounted, hears, judge, tell } from './support/story.js';

const DISK_MIB = 64;
const MIN_FREE_MIB = 16;
const BALLAST = 'ballast';
const isClosed = ({ recordingStatus }: PlaybackResponse) =>
  recordingStatus !== 'PENDING' && recordingStatus !== 'RECORDING';

describeAsRoot('a disk that fills up', () => {
  const cast = new Cast();
  let disk: SmallDisk;
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;

  beforeAll(async () => {
    disk = await mountSmallDisk(DISK_MIB);
    service = await TestService.launch({
      env: {
        RECORD_DIR: `${disk.dir}/recordings`,
        MIN_FREE_DISK_BYTES: String(MIN_FREE_MIB * 1024 ** 2),
        DISK_CHECK_MS: '200',
      },
    });
    camera = await cast.camera();
    cameraId = await addCamera(service, camera, { name: 'yard' });
  }, 60_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await disk?.remove();
  });

  async function judged(playback: PlaybackResponse) {
    return { camera, playback, ...(await judge(service, camera, playback)), event: undefined as never };
  }

  it.each([
    ['below the threshold', DISK_MIB - MIN_FREE_MIB],
    ['to the last byte', DISK_MIB],
  ])(
    'during a recording, %s: it ends and says why, what exists is saved, and the next event records again',
    async (_how, mib) => {
      const event = await trigger(service, cameraId);
      await hears(camera, 3);
      // ENOSPC is what the last of it may get: the disk is full then.
      await disk.fill(BALLAST, mib).catch(() => undefined);
      const closed = await waitForPlayback(service, event.playbackId, isClosed);
      expect(closed).toMatchObject({ endReason: 'disk_full', failure: null });
      await waitUntilEmpty(() => service.ffmpegs());
      expect(await service.request('GET', '/health/ready')).toMatchObject({ status: 503 });
      expect(await postEvent(service, cameraId)).toMatchObject({ recording: { state: 'refused' } });

      await disk.empty(BALLAST);
      await service.waitFor(async () => {
        const { status } = await service.request('GET', '/health/ready');
        return status === 200 ? true : undefined;
      });
      await endEvent(service, event.id);
      const story = await judged(await waitUntilCompleted(service, event.playbackId, 60_000));
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(story.judgement.stored.size).toBeGreaterThan(camera.fps);
      const next = await tell(service, camera, { settings: { name: 'next' } });
      expectAccounted(next);
      expect(next.judgement.lost).toEqual([]);
    },
    120_000,
  );

  it('while a video is being made: it is made when there is room, and whole', async () => {
    const event = await trigger(service, cameraId);
    await hears(camera, 4);
    await Promise.all([endEvent(service, event.id), disk.fill(BALLAST, DISK_MIB).catch(() => undefined)]);
    const waiting = await waitForPlayback(service, event.playbackId, isClosed);
    expect(waiting.failure).toBeNull();
    await disk.empty(BALLAST);
    const story = await judged(await waitUntilCompleted(service, event.playbackId, 90_000));
    expectAccounted(story);
    expect(story.object.noise).toBe('');
    expect(service.running).toBe(true);
  }, 150_000);

  it('leaves no footage and nothing running', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    expect(service.logLines().filter(({ msg }) => msg === 'Hindsight is ready')).toHaveLength(1);
  });
});
