import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isSegmentTail, TAIL_END_BYTES, tailBytesOf } from '../../src/modules/footage/domain/segment-file.js';
import { download, probeFile } from './support/media.js';
import {
  endEvent,
  footageMs,
  getPlayback,
  sumOfGapsMs,
  waitForPlayback,
  waitUntilCompleted,
} from './support/recording.js';
import { Scene } from './support/scene.js';
import type { TestService } from './support/test-service.js';

/** Where boxes and samples are counted, in bits from the start of a segment's last `moof`: its size, a run's flags, how many samples it has. */
const BITS = [0, 7, 31, 8 * 8 + 3, 16 * 8, 28 * 8 + 1, 60 * 8 + 6, 76 * 8];

async function segmentsOf({ recordDir }: TestService): Promise<string[]> {
  const files = await readdir(recordDir, { recursive: true, withFileTypes: true });
  return files.filter(({ name }) => /^\d+\.mp4$/.test(name)).map(({ parentPath, name }) => join(parentPath, name));
}

/** Turns one bit over in the header of the last fragment. */
async function damage(path: string, bit: number): Promise<void> {
  const file = await open(path, 'r+');
  const bytes = await file.readFile();
  const tailBytes = tailBytesOf(bytes.subarray(-TAIL_END_BYTES), bytes.length);
  const isSealed = tailBytes !== null && isSegmentTail(bytes.subarray(-tailBytes));
  const media = bytes.subarray(0, isSealed ? -tailBytes : bytes.length);
  const at = media.lastIndexOf('moof') - 4 + (bit >> 3);
  await file.write(Buffer.of(bytes[at]! ^ (1 << (bit & 7))), 0, 1, at);
  await file.close();
}

describe('a service whose log was damaged while it was off', () => {
  it(
    'starts, says how much was cut off, goes on with the recording and stores what can be read',
    () =>
      Scene.with({ env: { SEGMENT_MS: '1000' } }, async (scene) => {
        const { service } = scene;
        const { id, playbackId } = await scene.record(BITS.length * 1_500);
        await service.stop('SIGKILL');
        const segments = await segmentsOf(service);
        expect(segments.length).toBeGreaterThanOrEqual(BITS.length);
        for (const [index, bit] of BITS.entries()) await damage(segments[index]!, bit);
        await service.start();
        const { body: ready } = await service.request<{ status: string }>('GET', '/health/ready');
        expect(ready.status).toBe('ok');
        const before = footageMs(await getPlayback(service, playbackId));
        await waitForPlayback(service, playbackId, (now) => footageMs(now) > before + 1_500);
        await endEvent(service, id);
        const playback = await waitUntilCompleted(service, playbackId);
        const { expectedMs, storedMs, gaps } = playback.completeness;
        expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
        expect(gaps.length).toBeGreaterThan(0);
        const { path } = await download(service, playback.videoUrl!);
        expect(Number((await probeFile(path)).format.duration) * 1_000).toBeGreaterThan(storedMs! - 1_000);
        await rm(path);
        expect(service.log).toContain('torn');
      }),
    120_000,
  );
});
