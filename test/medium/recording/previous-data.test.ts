import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type PreviousData, PREVIOUS_KEY, restorePreviousData } from '../../support/previous/previous-data.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** As the fixture's. */
const CAMERA = { video: { width: 160, height: 96, fps: 10, bitrateKbps: 50 }, gopSec: 1, audio: 'none' as const };

describe('a data folder that an earlier build left when it was killed', () => {
  let database: TestDatabase;
  let camera: VirtualCamera;
  let data: PreviousData;
  let app: RecorderApp;
  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    camera = await startVirtualCamera(CAMERA);
    data = await restorePreviousData(database, camera.rtspUrl);
    app = await startRecorderApp(database, join(data.dir, 'recordings'), {
      ...{ DATA_DIR: data.dir, CREDENTIALS_KEY: PREVIOUS_KEY, STORAGE_MODE: 'local' },
    });
  });
  afterEach(async () => {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(data.dir, { recursive: true, force: true });
  });

  const rowOf = (status: string) => data.rows['playbacks']!.find((row) => row['recording_status'] === status)!;

  it('is opened: what was completed is there, and what was open goes on, with all that was in the log', async () => {
    const completed = rowOf('COMPLETED');
    const video = await readFile(join(data.dir, 'objects', completed['object_key'] as string));
    expect(await app.playback(completed['id'] as string)).toMatchObject({
      ...{ recordingStatus: 'COMPLETED', durationMs: completed['duration_ms'], fileSizeBytes: video.length },
      progress: {
        ...{ bytes: completed['progress_bytes'], durationMs: completed['progress_duration_ms'] },
        ...{ frames: completed['progress_frames'], fps: completed['progress_fps'] },
      },
      upload: { safeBytes: completed['upload_safe_bytes'], pendingBytes: 0, atRiskBytes: 0 },
    });
    const answer = await fetch(`${app.url}/playbacks/${completed['id'] as string}/video`, {
      headers: { authorization: `Bearer ${app.token}` },
    });
    expect(answer.status).toBe(200);
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(Buffer.from(await answer.arrayBuffer()))).toBe(hash(video));

    const open = rowOf('RECORDING');
    const playbackId = open['id'] as string;
    const { startedAt, recordingStatus } = await app.playback(playbackId);
    expect(recordingStatus).toBe('RECORDING');
    const before = (await app.playback(playbackId)).progress!.durationMs ?? 0;
    const old = (await readdir(data.dir, { recursive: true })).filter((name) => /\/\d{6}\.m4s$/.test(name));
    expect(old.length).toBeGreaterThanOrEqual(2);
    await app.untilFootage(playbackId, before + 2_000);
    await app.end(open['event_id'] as string);
    const done = await app.until(playbackId, 'COMPLETED');
    // Not later than before: the clock of a capture is fitted to earlier arrivals in its first seconds.
    expect(Date.parse(done.startedAt!)).toBeLessThanOrEqual(Date.parse(startedAt!));
    expect(done.completeness.gaps.map(({ cause }) => cause)).toContain('service_stopped');
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    expect(done.completeness.storedMs!).toBeGreaterThanOrEqual(before + 1_900);
    await eventually(async () => expect(await leftFootage(join(data.dir, 'recordings'))).toEqual([]));
  });
});
