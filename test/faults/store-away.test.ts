import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlaybackResponse } from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import {
  addCamera,
  endEvent,
  trigger,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { Cast, expectAccounted, gapsOf, hears, judge } from './support/story.js';

const RECORDINGS = 3;

describe('an object store that is away for the whole of several recordings', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let service: TestService;
  const cameras: VirtualCamera[] = [];
  const waiting: PlaybackResponse[] = [];

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret-of-the-fault-lab') });
    service = await TestService.launch({ env: store.env });
    await store.setDown(true);
    await Promise.all(
      Array.from({ length: RECORDINGS }, async (_, index) => {
        const camera = await cast.camera({ startFrame: index * 50 });
        cameras[index] = camera;
        const cameraId = await addCamera(service, camera, { name: `yard ${index}` });
        const event = await trigger(service, cameraId);
        await hears(camera, 3);
        await endEvent(service, event.id);
        waiting[index] = await waitForPlayback(service, event.playbackId, ({ retry }) => (retry?.attempts ?? 0) > 3);
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await store?.stop();
  });

  it('keeps them PROCESSING, with the footage, and says why and when it tries again', async () => {
    for (const { recordingStatus, failure, retry, videoUrl } of waiting) {
      expect([recordingStatus, failure, videoUrl]).toEqual(['PROCESSING', null, null]);
      expect(retry?.reason).toMatch(/object store/);
      expect(Date.parse(retry?.at ?? '')).not.toBeNaN();
    }
    expect(await service.mediaFiles()).not.toEqual([]);
    expect(await store.listKeys()).toEqual([]);
  });

  it('stores all of them, whole, when the store is back but answers badly at first', async () => {
    store.faults.add({ action: { kind: 'status', status: 503, code: 'SlowDown' }, times: 2 });
    store.faults.add({ action: { kind: 'reset' }, times: 2 });
    // However often it was tried while the store was away: one refusal is not believed.
    store.faults.add({ action: { kind: 'status', status: 400, code: 'InvalidArgument' }, times: 1 });
    store.faults.add({ action: { kind: 'loseAnswer' }, times: 1 });
    await store.setDown(false);
    for (const [index, { id }] of waiting.entries()) {
      const camera = cameras[index]!;
      const playback = await waitUntilCompleted(service, id, 90_000);
      const story = { camera, playback, ...(await judge(service, camera, playback)), event: undefined as never };
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(gapsOf(story)).toEqual([]);
      expect(story.judgement.lost).toEqual([]);
    }
    const names = ['sprite.jpg', 'thumbnail.jpg', 'video.mp4'];
    const wanted = waiting.flatMap(({ id }) => names.map((name) => `playbacks/${id}/${name}`)).sort();
    await waitUntilEmpty(async () => {
      const stored = await store.listKeys();
      return wanted.filter((key) => !stored.includes(key));
    }, 30_000);
    expect((await store.listKeys()).sort()).toEqual(wanted);
    expect(store.listMultipartUploads()).toEqual([]);
    await waitUntilEmpty(() => service.mediaFiles(), 30_000);
  }, 150_000);

  it('waits for a store that takes the connection and never answers, and lets nobody wait for it', async () => {
    store.faults.add({ action: { kind: 'hang' } });
    const [camera] = cameras;
    const event = await trigger(service, waiting[0]!.camera.id);
    await hears(camera!, 1);
    await endEvent(service, event.id);
    await waitForPlayback(service, event.playbackId, ({ recordingStatus }) => recordingStatus === 'PROCESSING');
    await delay(1_000);
    store.faults.clear();
    await waitUntilCompleted(service, event.playbackId, 60_000);
  }, 90_000);
});
