import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEvent, waitForPlayback, waitUntilCompleted, waitUntilEmpty } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { giveName, type MovingName } from '../support/moving-name.js';
import { PART_CLIP } from '../support/prepare-clips.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { Cast, expectAccounted, gapsOf, judge, type Story } from './support/story.js';
import { beginUploading, hasSafe, requestsFor, type Uploading } from './support/uploads.js';

const NAME = 'store.example.test';
const ELSEWHERE = '127.0.0.2';

describe('an object store that moves to another address in the middle of an upload', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let service: TestService;
  let name: MovingName;
  let uploading: Uploading;
  let sentBefore: number;
  let story: Story;

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret-of-the-moving-store') });
    const { hostname } = new URL(store.endpoint);
    name = await giveName(NAME, hostname);
    const endpoint = store.endpoint.replace(hostname, NAME);
    service = await TestService.launch({ env: { ...store.env, ...name.env, R2_ENDPOINT: endpoint } });
    uploading = await beginUploading(service, await cast.camera({ video: PART_CLIP }), 'yard');
    const { camera, event } = uploading;
    await waitForPlayback(service, event.playbackId, hasSafe(1));
    sentBefore = requestsFor(store, uploading, 'UploadPart').length;
    await store.moveTo(ELSEWHERE);
    await name.moveTo(ELSEWHERE);
    await waitForPlayback(service, event.playbackId, hasSafe(sentBefore + 1));
    await endEvent(service, event.id);
    const playback = await waitUntilCompleted(service, event.playbackId, 60_000);
    story = { camera, event, playback, ...(await judge(service, camera, playback)) };
  }, 180_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await store?.stop();
    await name?.remove();
  });

  it('goes on there, in the same upload, and loses nothing', () => {
    expect(store.endpoint).toContain(ELSEWHERE);
    expect(requestsFor(store, uploading, 'CreateMultipartUpload')).toHaveLength(1);
    expect(requestsFor(store, uploading, 'UploadPart').length).toBeGreaterThan(sentBefore);
    expectAccounted(story);
    expect(story.object.noise).toBe('');
    expect(gapsOf(story)).toEqual([]);
    expect(story.judgement.lost).toEqual([]);
  });

  it('leaves one object and no open upload', async () => {
    expect((await store.listKeys()).filter((key) => key.endsWith('.mp4'))).toEqual([uploading.key]);
    expect(store.listMultipartUploads()).toEqual([]);
    await waitUntilEmpty(() => service.mediaFiles());
  });
});
