import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { mountSmallDisk, type SmallDisk } from '../../support/small-disk.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

const MIB = 1024 ** 2;

describe('a recorder whose disk gets full', () => {
  let database: TestDatabase;
  let disk: SmallDisk;
  let camera: VirtualCamera;
  let app: RecorderApp;
  beforeAll(async () => {
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1, username: 'admin', password: 'secret' });
  });
  afterAll(async () => {
    await camera.stop();
    await database.drop();
  });
  afterEach(async () => {
    await app.close();
    await disk.remove();
  });

  async function start(minFreeMib: number): Promise<string> {
    disk = await mountSmallDisk(64);
    const env = { MIN_FREE_DISK_BYTES: String(minFreeMib * MIB), DISK_CHECK_MS: '200' };
    app = await startRecorderApp(database, disk.dir, env);
    return app.addCamera(camera);
  }

  async function isWhole(playbackId: string): Promise<void> {
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done.endReason).toBe('disk_full');
    expect(done.completeness.storedMs).toBeGreaterThan(500);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
  }

  async function recordsAgain(cameraId: string): Promise<void> {
    const { id, playbackId, recording } = await eventually(async () => {
      const event = await app.trigger(cameraId);
      expect(event.recording.state).toBe('requested');
      return event;
    });
    expect(recording.state).toBe('requested');
    await app.untilFootage(playbackId);
    await app.end(id);
    await app.until(playbackId, 'COMPLETED');
    await eventually(async () => expect(await leftFootage(disk.dir)).toEqual([]));
  }

  it('saves what there is, says why it ended, refuses what is new, and records again when there is room', async () => {
    const cameraId = await start(16);
    const { playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await disk.fill('other', 50);
    await isWhole(playbackId);
    const refused = await app.trigger(cameraId);
    expect(refused.recording).toMatchObject({ state: 'refused', reason: expect.stringContaining('disk is full') });
    expect((await app.until(refused.playbackId, 'FAILED')).failure).toMatchObject({ code: 'RECORDING.DISK_FULL' });
    await disk.empty('other');
    await recordsAgain(cameraId);
  });

  it('does so too when the disk fills up before anybody has looked, with not a byte left', async () => {
    const cameraId = await start(0);
    const { playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await disk.fill('other', 62);
    await expect(disk.fill('more', 2)).rejects.toMatchObject({ code: 'ENOSPC' });
    await eventually(async () => expect((await app.playback(playbackId)).endReason).toBe('disk_full'));
    await disk.empty('more');
    await disk.empty('other');
    await isWhole(playbackId);
    await recordsAgain(cameraId);
  });
});
