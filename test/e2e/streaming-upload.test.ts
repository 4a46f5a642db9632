import { rm } from 'node:fs/promises';
import type { PlaybackResponse } from '@hindsight/client';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestLike } from '../../tools/faults/digest.js';
import { MODEST_CLIP } from '../support/prepare-clips.js';
import { secret } from '../support/secrets.js';
import { SlowLink } from '../support/slow-link.js';
import { type S3TestServer, startS3 } from '../support/s3/s3-test-server.js';
import { decodeErrors, download, probeFile } from './support/media.js';
import {
  addCamera,
  endEvent,
  trigger,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

const PART_BYTES = 5 * 1024 ** 2;

/** So many parts are in the store already. */
export function hasSafe(parts: number): (playback: PlaybackResponse) => boolean {
  return ({ upload }) => (upload?.safeBytes ?? 0) >= parts * PART_BYTES;
}

describe('an upload while the event goes on', () => {
  let store: S3TestServer;
  let camera: VirtualCamera;
  const services: TestService[] = [];

  beforeAll(async () => {
    store = await startS3({ secretAccessKey: secret('s3-secret/of+streaming=uploads') });
    // A part every three seconds.
    const video = { bitrateKbps: 16_000, constantBitrate: true };
    camera = await startVirtualCamera({ gopSec: 1, video, username: 'admin', password: secret('streaming-upload') });
  }, 120_000);

  afterAll(async () => {
    for (const service of services) await service.close();
    await camera?.stop();
    await store?.stop();
  });

  async function launch(env: Record<string, string | undefined>): Promise<{ service: TestService; cameraId: string }> {
    const service = await TestService.launch({ env });
    services.push(service);
    return { service, cameraId: await addCamera(service, camera) };
  }

  it.each(['r2', 'local'])(
    'has all but the last part in the store when the event ends, and one plain MP4 after it (%s)',
    async (mode) => {
      const { service, cameraId } = await launch(mode === 'r2' ? store.env : {});
      const { id, playbackId } = await trigger(service, cameraId);
      await waitForPlayback(service, playbackId, hasSafe(2), 30_000);
      await endEvent(service, id);
      const playback = await waitUntilCompleted(service, playbackId);
      expect(playback).toMatchObject({ assembly: 'copied', sha256: null });
      expect(playback.digest).toMatch(/^sha256-parts:[0-9a-f]{64}-\d+x5242880$/);
      expect(playback.upload).toEqual({ safeBytes: playback.fileSizeBytes, pendingBytes: 0, atRiskBytes: 0 });
      const video = await download(service, `${service.baseUrl}/playbacks/${playbackId}/video`);
      expect(video.bytes.length).toBe(playback.fileSizeBytes);
      expect(await decodeErrors(video.path)).toBe('');
      const { format } = await probeFile(video.path);
      expect(Number(format.duration) * 1_000).toBeCloseTo(playback.durationMs!, -1);
      expect(await digestLike(video.path, playback.digest)).toBe(playback.digest);
      expect(findCounterHoles(await readFrameCounters(video.path), camera.loopLength)).toEqual([]);
      await rm(video.path);
      await waitUntilEmpty(() => service.mediaFiles());
      if (mode === 'r2') expect(store.listMultipartUploads()).toEqual([]);
    },
    90_000,
  );

  it('gives up a part on the wire when less is to be sent without it, the first one as well as a later one', async () => {
    const link = await SlowLink.start(store.endpoint, { bytesPerSec: 1_500_000 });
    const modest = await startVirtualCamera({ gopSec: 1, video: MODEST_CLIP });
    const env = { ...store.env, R2_ENDPOINT: link.through(store.endpoint) };
    const service = await TestService.launch({ env });
    services.push(service);
    const cameraId = await addCamera(service, modest);

    async function expectWithoutPadding(partsBefore: number): Promise<void> {
      const { id, playbackId } = await trigger(service, cameraId);
      const hasBegun = ({ upload }: PlaybackResponse) =>
        upload?.safeBytes === partsBefore * PART_BYTES && upload.pendingBytes >= PART_BYTES;
      await waitForPlayback(service, playbackId, hasBegun, 60_000);
      await endEvent(service, id);
      const playback = await waitUntilCompleted(service, playbackId, 60_000);
      const video = await download(service, `${service.baseUrl}/playbacks/${playbackId}/video`);
      expect(await decodeErrors(video.path)).toBe('');
      expect(await digestLike(video.path, playback.digest)).toBe(playback.digest);
      expect(findCounterHoles(await readFrameCounters(video.path), modest.loopLength)).toEqual([]);
      // Behind that part, a first part of full size would have been sent.
      expect(playback.fileSizeBytes).toBeLessThan(PART_BYTES * (partsBefore + 2));
      await rm(video.path);
    }

    try {
      await Promise.all([expectWithoutPadding(0), expectWithoutPadding(1)]);
      expect(store.listMultipartUploads()).toEqual([]);
    } finally {
      await modest.stop();
      await link.stop();
    }
  }, 120_000);
});
