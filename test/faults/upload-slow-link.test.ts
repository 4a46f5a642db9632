import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getPlayback,
  endEvent,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { MODEST_CLIP } from '../support/prepare-clips.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { SlowLink } from '../support/slow-link.js';
import { Cast, expectAccounted, gapsOf, judge, type Story } from './support/story.js';
import { beginUploading, type Uploading } from './support/uploads.js';

const RECORDINGS = 8;
/** Of what the cameras make. */
const LINK_BYTES_PER_SEC = ((MODEST_CLIP.bitrateKbps * 1_000) / 8) * RECORDINGS * 0.25;
const CATCH_UP_BYTES_PER_SEC = LINK_BYTES_PER_SEC * 6;
const FOOTAGE_MS = 12_000;
/** Three parts on the wire with their copies, eight captures, and what the collector has not come to yet. */
const MOST_GROWTH_KIB = 250 * 1_024;

describe('eight recordings at once, over a link that takes a quarter of them', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let link: SlowLink;
  let service: TestService;
  let growthKib: number;
  let behindBytes: number;
  /** Ends while the others go on. */
  let hurried: Uploading;
  /** Of which recording each part was that was sent between its end and its completion, in order. */
  let partsMeanwhile: ('own' | 'other')[];
  let stories: Story[];
  const uploadings: Uploading[] = [];

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret-of-the-slow-link') });
    link = await SlowLink.start(store.endpoint, { bytesPerSec: LINK_BYTES_PER_SEC });
    const env = { ...store.env, R2_ENDPOINT: link.through(store.endpoint), MAX_CONCURRENT_RECORDINGS: '8' };
    service = await TestService.launch({ env: { ...env, UPLOAD_PARALLEL: '1' } });
    const beforeKib = memoryKib('VmRSS');
    for (let index = 0; index < RECORDINGS; index += 1) {
      const camera = await cast.camera({ video: MODEST_CLIP, startFrame: index * 20 });
      uploadings.push(await beginUploading(service, camera, `yard ${index}`));
    }
    const ids = uploadings.map(({ event }) => event.playbackId);
    await Promise.all(ids.map((id) => waitForFootage(service, id, FOOTAGE_MS)));
    const behind = await Promise.all(ids.map((id) => getPlayback(service, id)));
    behindBytes = behind.reduce((sum, { upload }) => sum + (upload?.pendingBytes ?? 0), 0);
    link.setRate(CATCH_UP_BYTES_PER_SEC);
    // The one that began last: what has been at risk for longest is not what somebody waits for.
    uploadings.reverse();
    hurried = uploadings[0]!;
    const requestsBefore = store.stats.requests.length;
    await endEvent(service, hurried.event.id);
    await waitUntilCompleted(service, hurried.event.playbackId, 120_000);
    const parts = store.stats.requests.slice(requestsBefore).filter(({ operation }) => operation === 'UploadPart');
    partsMeanwhile = parts.map(({ key }) => (key === hurried.key ? 'own' : 'other'));
    // The line is slow until all have ended, so that they wait for it side by side. One ends when the service is done with recording the one before it.
    link.setRate(LINK_BYTES_PER_SEC);
    for (const { event } of uploadings.slice(1)) {
      await endEvent(service, event.id);
      await waitForPlayback(service, event.playbackId, ({ recordingStatus }) => recordingStatus !== 'RECORDING');
    }
    link.setRate(CATCH_UP_BYTES_PER_SEC);
    const playbacks = await Promise.all(
      uploadings.map(({ event }) => waitUntilCompleted(service, event.playbackId, 120_000)),
    );
    growthKib = memoryKib('VmHWM') - beforeKib;
    link.setRate(null);
    stories = [];
    for (const [index, { camera, event }] of uploadings.entries()) {
      const playback = playbacks[index]!;
      stories.push({ camera, event, playback, ...(await judge(service, camera, playback)) });
    }
  }, 240_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await link?.stop();
    await store?.stop();
  });

  function memoryKib(field: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)![1]);
  }

  it('records all of them without a lost frame', () => {
    expect(behindBytes).toBeGreaterThan((LINK_BYTES_PER_SEC * FOOTAGE_MS) / 1_000);
    for (const story of stories) {
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(gapsOf(story)).toEqual([]);
      expect(story.judgement.lost).toEqual([]);
    }
  });

  it('needs no more memory for what waits', () => {
    expect(growthKib).toBeLessThan(MOST_GROWTH_KIB);
  });

  it('lets the one go first that somebody waits for', () => {
    const own = partsMeanwhile.filter((part) => part === 'own').length;
    expect(own).toBeGreaterThanOrEqual(2);
    // While one of its parts is written down, the line is not left idle; behind its last one, the line is free.
    const before = partsMeanwhile.slice(0, partsMeanwhile.lastIndexOf('own'));
    expect(before.join(' ')).not.toContain('other other');
  });

  it('finishes them in the order in which they ended', async () => {
    const done = service.logLines().filter(({ msg }) => msg === 'playback completed');
    const order = uploadings.map(({ event }) => done.findIndex(({ playbackId }) => playbackId === event.playbackId));
    // While one is looked at in the store, the next one has the line: neighbours may come in at the same time.
    const strays = order.filter((place, index) => Math.abs(place - index) > 1);
    expect({ order, strays }).toEqual({ order, strays: [] });
    expect(store.listMultipartUploads()).toEqual([]);
    await waitUntilEmpty(() => service.mediaFiles());
  });
});
