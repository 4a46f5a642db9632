import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import { parseFootageKey } from '../../src/modules/archive/domain/footage-key.js';
import { eventually } from '../support/recorder/eventually.js';
import { leftFootage } from '../support/recorder/recorder-app.js';
import { addCamera } from './support/recording.js';
import { Scene } from './support/scene.js';
import type { TestService } from './support/test-service.js';

/** Segments in the archive, oldest first. */
async function archived({ dataDir }: TestService) {
  const root = join(dataDir, 'footage');
  const names = await readdir(root, { recursive: true }).catch(() => []);
  const found = names.flatMap((name) => {
    const key = parseFootageKey(name);
    return key ? [{ ...key, path: join(root, name) }] : [];
  });
  return found.sort((a, b) => a.startMs - b.startMs);
}

describe('the footage of a continuous camera', () => {
  it(
    'loses nothing but the time of its kills, when the service is killed again and again',
    () =>
      Scene.with({ env: { FOOTAGE_SEGMENT_SEC: '2', FOOTAGE_SEGMENT_MIN_BYTES: '0' } }, async ({ service, camera }) => {
        const cameraId = await addCamera(service, camera, { continuous: true });
        const captures = async () => [...new Set((await archived(service)).map(({ captureKey }) => captureKey))];
        const kills = 3;
        for (let kill = 1; kill <= kills; kill += 1) {
          // The next capture has closed two segments: it is in the middle of one now, or about to store one.
          await eventually(async () => {
            expect(await captures()).toHaveLength(kill);
            expect((await archived(service)).at(-1)!.number).toBeGreaterThanOrEqual(2);
          }, 60_000);
          await service.stop('SIGKILL');
          await service.start();
        }
        await eventually(async () => expect(await captures()).toHaveLength(kills + 1), 60_000);
        await service.call('PATCH', `/cameras/${cameraId}`, { body: { continuous: false } });
        await eventually(
          async () => expect(await leftFootage(join(service.dataDir, 'recordings'))).toEqual([]),
          60_000,
        );

        const segments = await archived(service);
        const rows = await service.database!.dataSource.query<{ state: string; number: number }[]>(
          'SELECT state, number FROM footage_segments ORDER BY start_at',
        );
        expect(rows).toEqual(segments.map(({ number }) => ({ state: 'stored', number })));
        for (const captureKey of new Set(segments.map((segment) => segment.captureKey))) {
          const own = segments.filter((segment) => segment.captureKey === captureKey);
          expect(own.map(({ number }) => number)).toEqual(own.map((_, index) => index + 1));
          const counters: number[] = [];
          for (const { path } of own) counters.push(...(await readFrameCounters(path)));
          expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
        }
      }),
    240_000,
  );
});
