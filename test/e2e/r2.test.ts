import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secret } from '../support/secrets.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { decodeErrors, download } from './support/media.js';
import {
  addCamera,
  endEvent,
  getPlayback,
  ODD_PASSWORD,
  trigger,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

const isRetrying = ({ retry }: PlaybackResponse) => retry !== null;

describe('STORAGE_MODE=r2', () => {
  let store: S3TestServer;
  let camera: VirtualCamera;
  /** Behind a public address, and without one. */
  let open: TestService;
  let closed: TestService;
  const cameraIds = new Map<TestService, string>();

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret/with+odd=characters') });
    camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(`${ODD_PASSWORD}-r2`) });
    open = await TestService.launch({ env: store.env });
    closed = await TestService.launch({ env: { ...store.env, R2_PUBLIC_URL: undefined } });
    for (const service of [open, closed]) cameraIds.set(service, await addCamera(service, camera));
  }, 60_000);

  afterAll(async () => {
    await Promise.all([open, closed].map((service) => service?.close()));
    await camera?.stop();
    await store?.stop();
  });

  /** A recording of a second or more; `beforeEnd` runs while it goes on. */
  async function record(service: TestService, beforeEnd?: () => Promise<void>): Promise<string> {
    const { id, playbackId } = await trigger(service, cameraIds.get(service)!);
    await waitForFootage(service, playbackId, 1_000);
    await beforeEnd?.();
    await endEvent(service, id);
    return playbackId;
  }

  describe('with a public address', () => {
    let playback: PlaybackResponse;

    beforeAll(async () => {
      playback = await waitUntilCompleted(open, await record(open));
    });

    it('puts the video under its key, with type, size and SHA-256', async () => {
      const object = await store.getObject(`playbacks/${playback.id}/video.mp4`);
      const video = await download(open, playback.videoUrl!, null);
      expect(object).toMatchObject({ contentType: 'video/mp4', metadata: { sha256: playback.sha256 } });
      expect(object?.body.length).toBe(playback.fileSizeBytes);
      expect(object?.body.equals(video.bytes)).toBe(true);
      expect(video.sha256).toBe(playback.sha256);
      expect(await decodeErrors(video.path)).toBe('');
      await rm(video.path);
    });

    it('gives the public address out', () => {
      expect(playback.videoUrl).toBe(`${store.publicUrl}/playbacks/${playback.id}/video.mp4`);
    });

    it('serves the same bytes itself, in ranges too', async () => {
      const url = `${open.baseUrl}/playbacks/${playback.id}/video`;
      const own = await download(open, url);
      expect(own.sha256).toBe(playback.sha256);
      const headers = { Authorization: `Bearer ${open.accessToken}`, Range: 'bytes=100-199' };
      const part = await fetch(url, { headers });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${own.bytes.length}`]);
      expect(Buffer.from(await part.arrayBuffer()).equals(own.bytes.subarray(100, 200))).toBe(true);
      await rm(own.path);
    });

    it('keeps nothing of it on the local disk', async () => {
      await waitUntilEmpty(() => open.mediaFiles());
    });

    it('obeys the rules of R2', () => {
      expect(store.stats.refused().filter(({ status }) => status !== 404)).toEqual([]);
      expect(store.listMultipartUploads()).toEqual([]);
    });

    it('removes the object with the playback', async () => {
      expect((await open.request('DELETE', `/playbacks/${playback.id}`)).status).toBe(204);
      await waitUntilEmpty(async () => (await store.listKeys()).filter((key) => key.includes(playback.id)));
      expect((await open.request('GET', `/playbacks/${playback.id}`)).status).toBe(404);
    });
  });

  describe('without a public address', () => {
    let playback: PlaybackResponse;

    beforeAll(async () => {
      playback = await waitUntilCompleted(closed, await record(closed));
    });

    it('gives out a signed address that needs no token', async () => {
      expect(playback.videoUrl).toMatch(/^http.*\/playbacks\/.*\/video\.mp4\?.*X-Amz-Signature=/);
      const video = await download(closed, playback.videoUrl!, null);
      expect(video.sha256).toBe(playback.sha256);
      await rm(video.path);
    });

    it('keeps no signed address in its database', async () => {
      const { dataSource } = closed.database!;
      const tables: { name: string }[] = await dataSource.query(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
          WHERE schemaname IN ('public', 'graphile_worker')`,
      );
      const texts = await Promise.all(
        tables.map(({ name }) => dataSource.query<{ text: string }[]>(`SELECT t::text AS text FROM ${name} t`)),
      );
      const all = texts.flat().map(({ text }) => text);
      expect(all.some((text) => text.includes(playback.id))).toBe(true);
      expect(all.filter((text) => /X-Amz|Signature/i.test(text))).toEqual([]);
    });
  });

  describe('with the store away at the end of the event', () => {
    /** Says that it retries, why and when; and keeps its footage. */
    async function expectRetrying(service: TestService, id: string): Promise<PlaybackResponse> {
      const playback = await waitForPlayback(service, id, isRetrying);
      expect(playback).toMatchObject({ recordingStatus: 'PROCESSING', failure: null, videoUrl: null });
      expect(playback.retry?.attempts).toBeGreaterThan(0);
      expect(playback.retry?.reason).toMatch(/^The object store .*\.$/);
      expect(Date.parse(playback.retry?.at ?? '')).toBeGreaterThan(Date.parse(playback.endedAt!));
      expect(await service.mediaFiles()).not.toEqual([]);
      return playback;
    }

    async function expectStored(service: TestService, id: string): Promise<void> {
      const playback = await waitUntilCompleted(service, id, 60_000);
      expect(playback.retry).toBeNull();
      const object = await store.getObject(`playbacks/${id}/video.mp4`);
      expect(object?.body.length).toBe(playback.fileSizeBytes);
      expect(object?.metadata['sha256']).toBe(playback.sha256);
      await waitUntilEmpty(() => service.mediaFiles());
    }

    it('waits, says so, and completes by itself when the store is back', async () => {
      const id = await record(open, () => store.setDown(true));
      await expectRetrying(open, id);
      await store.setDown(false);
      await expectStored(open, id);
    }, 90_000);

    it.each(['SIGTERM', 'SIGKILL'] as const)(
      'completes also when the service was ended by %s meanwhile',
      async (signal) => {
        const id = await record(closed, () => store.setDown(true));
        await expectRetrying(closed, id);
        await closed.stop(signal);
        await closed.start();
        await expectRetrying(closed, id);
        await store.setDown(false);
        await expectStored(closed, id);
      },
      90_000,
    );

    it('deletes an object once the store is back', async () => {
      const id = await record(open);
      await waitUntilCompleted(open, id);
      await store.setDown(true);
      expect((await open.request('DELETE', `/playbacks/${id}`)).status).toBe(204);
      await delay(500);
      await store.setDown(false);
      await waitUntilEmpty(async () => (await store.listKeys()).filter((key) => key.includes(id)), 30_000);
      expect((await open.request('GET', `/playbacks/${id}`)).status).toBe(404);
    }, 60_000);
  });

  it('ends with exactly the objects that the playbacks name', async () => {
    const ids: string[] = [];
    for (const service of [open, closed]) {
      const { data } = await service.call<{ data: PlaybackResponse[] }>('GET', '/playbacks');
      ids.push(...data.map(({ id }) => id));
      await Promise.all(
        data.map(async ({ id }) => expect((await getPlayback(service, id)).recordingStatus).toBe('COMPLETED')),
      );
    }
    const names = ['sprite.jpg', 'thumbnail.jpg', 'video.mp4'];
    const wanted = ids.flatMap((id) => names.map((name) => `playbacks/${id}/${name}`)).sort();
    // Pictures of the last one may still be made.
    await waitUntilEmpty(async () => {
      const stored = await store.listKeys();
      return wanted.filter((key) => !stored.includes(key));
    }, 30_000);
    expect((await store.listKeys()).sort()).toEqual(wanted);
    expect(store.listMultipartUploads()).toEqual([]);
    expect(camera.stats().sessionsOpen).toBe(0);
  });
});
