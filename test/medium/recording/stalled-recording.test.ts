import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { expect, it } from '@jest/globals';
import { IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import { RecordingLives } from '../../../src/modules/recording/recording-lives.js';
import { Incident } from '../../../src/schema/incident.entity.js';
import { createTestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { startRecorderApp } from '../../support/recorder/recorder-app.js';

/** Longer than twice the stall timeout below. */
const LONG_MS = 700_000;

it('tells of a recording that gets no more footage without a failure of its camera, until it gets some', async () => {
  const recordDir = await mkdtemp(join(tmpdir(), 'hindsight-stalled-'));
  const database = await createTestDatabase();
  // The camera may pause for longer than this test takes.
  const app = await startRecorderApp(database, recordDir, { STALL_TIMEOUT_MS: '300000' });
  const camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1 });
  const look = async () => {
    await app.app.get(IncidentMonitor).look();
    return database.dataSource.getRepository(Incident).findBy({ kind: 'recording_stalled' });
  };
  try {
    const cameraId = await app.addCamera(camera);
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    expect(await look()).toEqual([]);

    camera.pause();
    const recording = app.app.get(RecordingLives).running.find((one) => one.playbackId === playbackId)!;
    const open = await eventually(async () => {
      expect(recording.takenAtMs).not.toBeNull();
      recording.takenAtMs = performance.now() - LONG_MS; // what was under way when it paused sets it anew
      const [incident] = await look();
      expect(incident).toMatchObject({ playbackId, cameraId, endedAt: null });
      return incident!;
    });
    expect(open.nodeId).toBe((await database.dataSource.query<{ id: string }[]>('SELECT id FROM recorders'))[0]!.id);
    expect(open.openedAt.getTime() - open.beganAt.getTime()).toBeGreaterThanOrEqual(LONG_MS);

    camera.resume();
    await eventually(async () => expect(await look()).toMatchObject([{ id: open.id, endedAt: expect.any(Date) }]));
    await app.end(id);
    await app.until(playbackId, 'COMPLETED');
  } finally {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  }
});
