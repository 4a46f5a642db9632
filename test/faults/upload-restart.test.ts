import type { PlaybackResponse } from '@hindsight/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEvent, waitForPlayback, waitUntilCompleted, waitUntilEmpty } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { PART_CLIP } from '../support/prepare-clips.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { SlowLink } from '../support/slow-link.js';
import { Cast, expectAccounted, expectLostAtMost, gapsOf, hears, judge, type Story } from './support/story.js';
import {
  beginUploading,
  failsOn,
  hasSafe,
  killAll,
  partsInStore,
  requestsFor,
  until,
  type Uploading,
} from './support/uploads.js';

describe('a service that is killed in the middle of an upload, and again at its last request, and starts on the same disk', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let first: TestService;
  let second: TestService;
  let uploading: Uploading;
  let story: Story;
  /** When it was killed first. */
  let partsThere: number;
  let partsSent: number;
  let completions: number;
  let unheard: PlaybackResponse;

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret-of-the-killed-upload') });
    // At its first start the store has another address.
    const formerly = await SlowLink.start(store.endpoint, { bytesPerSec: null });
    first = await TestService.launch({ env: { ...store.env, R2_ENDPOINT: formerly.through(store.endpoint) } });
    uploading = await beginUploading(first, await cast.camera({ video: PART_CLIP }), 'yard');
    const { camera, event } = uploading;
    await waitForPlayback(first, event.playbackId, hasSafe(2));
    await killAll(first);
    await formerly.stop();
    partsThere = partsInStore(store, uploading);
    partsSent = requestsFor(store, uploading, 'UploadPart').length;
    second = await TestService.launch({ beside: first, env: { ...store.env, DATA_DIR: first.dataDir } });
    await hears(camera, 5);
    await endUnheard();
    await second.start();
    const playback = await waitUntilCompleted(second, event.playbackId);
    story = { camera, event, playback, ...(await judge(second, camera, playback)) };
  }, 240_000);

  afterAll(async () => {
    await cast.leave();
    await second?.close();
    await first?.close();
    await store?.stop();
  });

  /** The store makes the object, but its answer is lost, and so is every look at the object until the service is killed. */
  async function endUnheard(): Promise<void> {
    const { event } = uploading;
    failsOn(store, uploading, 'CompleteMultipartUpload')({ kind: 'loseAnswer' }, 1);
    failsOn(store, uploading, 'HeadObject')({ kind: 'hang' });
    await endEvent(second, event.id);
    await until(
      () => store.listKeys(),
      (keys) => keys.includes(uploading.key),
    );
    unheard = await waitForPlayback(second, event.playbackId, () => true);
    await killAll(second);
    store.faults.clear();
    completions = requestsFor(store, uploading, 'CompleteMultipartUpload').length;
  }

  it('goes on from the part it was at, and sends none again', () => {
    const parts = Number(/-(\d+)x/.exec(story.playback.digest!)![1]);
    const sentLater = requestsFor(store, uploading, 'UploadPart').length - partsSent;
    expect(partsThere).toBeGreaterThanOrEqual(2);
    // One may have come to the store while nobody was left to write it down.
    expect(sentLater).toBeGreaterThanOrEqual(parts - partsThere);
    expect(sentLater).toBeLessThanOrEqual(parts - partsThere + 1);
  });

  it('finds the object that it had completed without hearing of it', () => {
    expect(unheard.recordingStatus).toBe('PROCESSING');
    expect(completions).toBe(1);
    expect(story.playback.recordingStatus).toBe('COMPLETED');
  });

  it('misses only what came while it was not running', () => {
    expectAccounted(story);
    expect(story.object.noise).toBe('');
    expect(gapsOf(story)).toEqual([expect.objectContaining({ cause: 'service_stopped' })]);
    expectLostAtMost(story, 1);
  });

  it('leaves nothing behind in the store or on the disk', async () => {
    expect(store.listMultipartUploads()).toEqual([]);
    await waitUntilEmpty(() => first.mediaFiles());
  });
});
