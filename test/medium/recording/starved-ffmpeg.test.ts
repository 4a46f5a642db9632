import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runningFfmpegs } from '../../../src/ffmpeg/ffmpeg-spawn.process.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** Resolves when the camera has sent so many pictures more. */
async function sends(camera: VirtualCamera, pictures: number): Promise<void> {
  const wanted = camera.stats().framesSent + pictures;
  await eventually(() => expect(camera.stats().framesSent).toBeGreaterThanOrEqual(wanted));
}

describe('a recording whose FFmpeg gets no processor time around its end', () => {
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-starved-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, recordDir);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  it.each(['h264-aac', 'h264-bframes', 'h264-pcmu'] as const)('has its last pictures (%s)', async (profile) => {
    const camera = await startVirtualCamera({ profile, gopSec: 1 });
    try {
      const { id, playbackId } = await app.trigger(await app.addCamera(camera));
      await app.untilFootage(playbackId, 2_000);
      const [pid] = runningFfmpegs();
      process.kill(pid!, 'SIGSTOP');
      try {
        await sends(camera, 0.3 * camera.fps);
        await app.end(id);
        // Its end has passed, and the time that frames usually need.
        await sends(camera, 0.9 * camera.fps);
      } finally {
        process.kill(pid!, 'SIGCONT');
      }
      const { completeness } = await app.until(playbackId, 'COMPLETED');
      expect(completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting']);
    } finally {
      await camera.stop();
    }
  });
});
