import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { R2StoreAdapter } from '../../src/modules/storage/r2-store.adapter.js';
import {
  endEvent,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { PART_CLIP } from '../support/prepare-clips.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { secret } from '../support/secrets.js';
import { lasting } from './support/lasting.js';
import { Cast, expectAccounted, gapsOf, hears, judge, type Story } from './support/story.js';
import { beginUploading, failsOn, hasSafe, requestsFor, until, type Uploading } from './support/uploads.js';

/** How long the store is away after the events. */
const AWAY_MS = lasting({ ms: 0, longMs: 600_000 });

/** Attempts are half a minute apart after a long time. */
const FINISH_MS = lasting({ ms: 90_000, longMs: 240_000 });

/** What the store does to one recording while it goes on, and at its end. */
interface Mischief {
  during: (each: Uploading) => void | Promise<void>;
  atEnd: (each: Uploading) => void;
}

describe('an object store that fails in every way during uploads and at their ends', () => {
  const cast = new Cast();
  let store: S3TestServer;
  let service: TestService;
  const stories = new Map<string, Story>();
  const uploadings = new Map<string, Uploading>();

  const MISCHIEF: Record<string, Mischief> = {
    'errors, cut connections and damaged parts; the answer to the last request is lost': {
      during: async (each) => {
        const parts = failsOn(store, each, 'UploadPart');
        parts({ kind: 'damageInStore' }, 1);
        parts({ kind: 'status', status: 500 }, 2);
        parts({ kind: 'reset' }, 1);
        parts({ kind: 'damageOnTheWay' }, 1);
        parts({ kind: 'loseAnswer' }, 1);
        await waitForPlayback(service, each.event.playbackId, hasSafe(1), 60_000);
      },
      atEnd: (each) => failsOn(store, each, 'CompleteMultipartUpload')({ kind: 'loseAnswer' }, 1),
    },
    'parts that are refused for no reason, by a key without rights, and never answered': {
      during: async (each) => {
        const parts = failsOn(store, each, 'UploadPart');
        parts({ kind: 'status', status: 400, code: 'InvalidArgument' }, 1);
        parts({ kind: 'status', status: 403, code: 'AccessDenied' }, 1);
        parts({ kind: 'hang' }, 1);
        const sent = () => requestsFor(store, each, 'UploadPart');
        await until(sent, (all) => all.length >= 3);
      },
      atEnd: (each) => {
        failsOn(store, each, 'UploadPart')({ kind: 'status', status: 400, code: 'InvalidArgument' }, 1);
        const completing = failsOn(store, each, 'CompleteMultipartUpload');
        completing({ kind: 'status', status: 500 }, 1);
        completing({ kind: 'status', status: 400, code: 'InvalidArgument' }, 3);
      },
    },
    'an upload that somebody else ends, twice': {
      during: async (each) => {
        await waitForPlayback(service, each.event.playbackId, hasSafe(1));
        await abort(each);
        await until(
          () => requestsFor(store, each, 'CreateMultipartUpload'),
          (begun) => begun.length === 2,
        );
      },
      atEnd: () => undefined,
    },
  };

  beforeAll(
    async () => {
      store = await startS3({ secretAccessKey: secret('s3-secret-of-the-bad-store') });
      service = await TestService.launch({ env: store.env });
      const names = Object.keys(MISCHIEF);
      await Promise.all(names.map(begin));
      // Whoever waits for an answer goes on; nobody has waited for the others.
      store.faults.clear();
      await store.setDown(true);
      const all = [...uploadings.values()];
      await Promise.all(all.map(({ camera }) => hears(camera, 2)));
      await Promise.all(all.map(({ event }) => endEvent(service, event.id)));
      const isTried = ({ retry }: { retry: unknown }) => retry !== null;
      await Promise.all(all.map(({ event }) => waitForPlayback(service, event.playbackId, isTried)));
      await delay(AWAY_MS);
      for (const [name, each] of uploadings) MISCHIEF[name]!.atEnd(each);
      await store.setDown(false);
      await abort(uploadings.get(names.at(-1)!)!);
      await Promise.all(names.map(finish));
    },
    150_000 + FINISH_MS + AWAY_MS,
  );

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await store?.stop();
  });

  async function begin(name: string, index: number): Promise<void> {
    const camera = await cast.camera({ video: PART_CLIP, startFrame: index * 40 });
    const each = await beginUploading(service, camera, name);
    uploadings.set(name, each);
    await MISCHIEF[name]!.during(each);
  }

  async function finish(name: string): Promise<void> {
    const { camera, event } = uploadings.get(name)!;
    const playback = await waitUntilCompleted(service, event.playbackId, FINISH_MS);
    stories.set(name, { camera, event, playback, ...(await judge(service, camera, playback)) });
  }

  async function abort({ key }: Uploading): Promise<void> {
    const { endpoint, accessKeyId, secretAccessKey, bucket } = store;
    const other = new R2StoreAdapter({
      endpoint,
      accessKeyId,
      secretAccessKey,
      bucket,
      publicUrl: undefined,
      region: 'auto',
    });
    const open = (await other.listUploads(key))[0];
    if (open) await other.abortParts(open);
    other.onModuleDestroy();
  }

  it.each(Object.keys(MISCHIEF))('loses nothing: %s', (name) => {
    const story = stories.get(name)!;
    expectAccounted(story);
    expect(story.object.noise).toBe('');
    expect(gapsOf(story)).toEqual([]);
    expect(story.judgement.lost).toEqual([]);
    expect(story.playback.upload).toMatchObject({ pendingBytes: 0, atRiskBytes: 0 });
  });

  it('ends what is refused for good, keeps its footage, and leaves nothing of it in the store', async () => {
    const strict = await TestService.launch({ env: { ...store.env, UPLOAD_REFUSED_SEC: '0' } });
    try {
      const each = await beginUploading(strict, await cast.camera({ video: PART_CLIP }), 'refused');
      const { id, playbackId } = each.event;
      await waitForPlayback(strict, playbackId, hasSafe(1));
      failsOn(store, each, 'UploadPart')({ kind: 'status', status: 400, code: 'InvalidArgument' });
      await endEvent(strict, id);
      const { failure } = await waitUntilFinal(strict, playbackId);
      expect(failure).toMatchObject({ code: 'STORAGE.REJECTED' });
      await waitUntilEmpty(() => store.listMultipartUploads());
      expect(await strict.mediaFiles()).not.toEqual([]);
      expect((await strict.request('DELETE', `/playbacks/${playbackId}`)).status).toBe(204);
      store.faults.clear();
    } finally {
      await strict.close();
    }
  }, 90_000);

  it('leaves one object of each, no open upload, and no footage on the disk', async () => {
    expect((await store.listKeys()).filter((key) => key.endsWith('.mp4')).sort()).toEqual(
      [...uploadings.values()].map(({ key }) => key).sort(),
    );
    expect(store.listMultipartUploads()).toEqual([]);
    await waitUntilEmpty(() => service.mediaFiles());
  });
});
