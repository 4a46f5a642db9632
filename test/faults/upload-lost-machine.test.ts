import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  endEvent,
  getPlayback,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { PART_CLIP } from '../support/prepare-clips.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { Cast, expectAccounted, FRAGMENT_MS, gapsOf, hears, judge, type Story } from './support/story.js';
import {
  beginUploading,
  failsOn,
  hasSafe,
  killAll,
  PART_BYTES,
  partsInStore,
  type Uploading,
} from './support/uploads.js';

interface LostStory extends Story {
  /** Parts that the store had when the machine was lost. */
  parts: number;
}

describe('a machine that is lost with its disk in the middle of uploads', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let first: TestService;
  let second: TestService;
  let open: LostStory;
  let ended: LostStory;
  let refused: Uploading;

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret-of-the-lost-machine') });
    const env = { ...store.env, UPLOAD_ORPHAN_WAIT_SEC: '1', UPLOAD_REFUSED_SEC: '0' };
    first = await TestService.launch({ env });
    const [goesOn, isOver, isRefused] = await Promise.all(
      ['goes on', 'is over', 'is refused'].map(async (name, index) =>
        beginUploading(first, await cast.camera({ video: PART_CLIP, startFrame: index * 40 }), name),
      ),
    );
    const launched = TestService.launch({ beside: first, env });
    refused = isRefused!;
    const all = [goesOn!, isOver!, refused];
    await Promise.all(all.map(({ event }) => waitForPlayback(first, event.playbackId, hasSafe(2))));
    second = await launched;
    // The store takes nothing more of those that end, so that they are still PROCESSING when the machine is lost.
    const isProcessing = ({ retry }: { retry: unknown }) => retry !== null;
    await Promise.all(
      [isOver!, refused].map(async (each) => {
        failsOn(store, each, 'UploadPart')({ kind: 'status', status: 503 });
        await endEvent(first, each.event.id);
        await waitForPlayback(first, each.event.playbackId, isProcessing);
      }),
    );
    await killAll(first);
    await rm(first.recordDir, { recursive: true });
    const parts = await Promise.all([goesOn!, isOver!].map(({ event }) => partsInRow(event.playbackId)));
    store.faults.clear();
    failsOn(store, refused, 'CompleteMultipartUpload')({ kind: 'status', status: 400, code: 'InvalidArgument' });
    await hears(goesOn!.camera, 4);
    await endEvent(second, goesOn!.event.id);
    [open, ended] = (await Promise.all([goesOn!, isOver!].map((each, index) => finish(each, parts[index]!)))) as [
      LostStory,
      LostStory,
    ];
  }, 240_000);

  afterAll(async () => {
    await cast.leave();
    await second?.close();
    await first?.close();
    await store?.stop();
  });

  async function partsInRow(playbackId: string): Promise<number> {
    return (await getPlayback(second, playbackId)).upload!.safeBytes / PART_BYTES;
  }

  async function finish({ camera, event }: Uploading, parts: number): Promise<LostStory> {
    const playback = await waitUntilCompleted(second, event.playbackId, 60_000);
    return { camera, event, playback, parts, ...(await judge(second, camera, playback)) };
  }

  it('loses what was in no part alone, says so, and both halves are one clean object', () => {
    expectAccounted(open);
    expect(open.object.noise).toBe('');
    expect(open.playback.assembly).toBe('copied');
    const [gap, ...more] = gapsOf(open);
    expect([gap?.cause, more]).toEqual(['service_stopped', []]);
    expect(Date.parse(gap!.startAt) - Date.parse(open.playback.startedAt!)).toBeGreaterThan(safeMs(open));
    expect(Date.parse(open.playback.endedAt!)).toBeGreaterThan(Date.parse(gap!.endAt) + 1_000);
  });

  it('finishes the recording that had ended, as far as its parts go', () => {
    expectAccounted(ended);
    expect(ended.object.noise).toBe('');
    const [gap, ...more] = gapsOf(ended);
    expect([gap?.cause, more]).toEqual(['footage_lost', []]);
    expect(ended.playback.durationMs).toBeGreaterThan(safeMs(ended));
  });

  it('keeps what only the store has of one that the store refuses, until it is deleted', async () => {
    const { key, event } = refused;
    const { failure } = await waitUntilFinal(second, event.playbackId);
    expect(failure).toMatchObject({ code: 'STORAGE.REJECTED', message: expect.stringMatching(/only the store has/) });
    expect(store.listMultipartUploads().map((upload) => upload.key)).toEqual([key]);
    expect(partsInStore(store, refused)).toBeGreaterThanOrEqual(2);
    expect((await second.request('DELETE', `/playbacks/${event.playbackId}`)).status).toBe(204);
    await waitUntilEmpty(() => store.listMultipartUploads());
  });

  it('leaves nothing behind in the store or on the disk', async () => {
    expect(store.listMultipartUploads()).toEqual([]);
    expect(await store.listKeys()).toEqual(
      expect.arrayContaining([open, ended].map(({ playback }) => `playbacks/${playback.id}/video.mp4`)),
    );
    await waitUntilEmpty(() => second.mediaFiles());
  });
});

/** Of each last part, the fragment that reaches beyond it is lost; the rest plays. */
function safeMs({ parts, playback: { completeness, fileSizeBytes } }: LostStory): number {
  const bytesPerMs = fileSizeBytes! / completeness.storedMs!;
  return (parts * PART_BYTES) / bytesPerMs - 2 * FRAGMENT_MS;
}
