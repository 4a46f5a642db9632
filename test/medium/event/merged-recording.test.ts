import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import {
  leftFootage,
  missingMs,
  type RecorderApp,
  startRecorderApp,
  type StartedEvent,
} from '../../support/recorder/recorder-app.js';

/** What the recorder makes of events that overlap: the service of role `all`, a camera, and the video. */
describe('overlapping events, recorded', () => {
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;
  let camera: VirtualCamera;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-merge-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, recordDir);
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1 });
  });
  afterAll(async () => {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  /** Waits for footage from later than this. */
  const untilFootageFrom = (playbackId: string, atMs: number) =>
    eventually(async () => {
      const { startedAt, progress } = await app.playback(playbackId);
      expect(Date.parse(startedAt ?? '') + (progress?.durationMs ?? 0)).toBeGreaterThan(atMs);
    });
  const holesOf = async (playbackId: string) => {
    const headers = { authorization: `Bearer ${app.token}` };
    const response = await fetch(`${app.url}/playbacks/${playbackId}/video`, { headers });
    const path = join(recordDir, `${playbackId}.download`);
    await writeFile(path, Buffer.from(await response.arrayBuffer()));
    return findCounterHoles(await readFrameCounters(path).finally(() => rm(path)), camera.loopLength);
  };

  it('one that comes in the post-roll makes the video go on without a hole', async () => {
    const cameraId = await app.addCamera(camera, { overlapPolicy: 'merge', postRollSec: 2 });
    const first = await app.trigger(cameraId);
    const { playbackId } = first;
    await app.untilFootage(playbackId);
    await app.end(first.id);
    const second = await app.trigger(cameraId);
    expect(second).toMatchObject({ playbackId, recording: { state: 'joined' } });
    // The first post-roll would be over by then, and with it a fragment that lies across its end.
    const laterMs = Date.now() + 3_500;
    await untilFootageFrom(playbackId, laterMs);
    expect((await app.playback(playbackId)).recordingStatus).toBe('RECORDING');
    await app.end(second.id);
    const done = await app.until(playbackId, 'COMPLETED');
    expect(done).toMatchObject({ endReason: 'event_ended', failure: null });
    expect(Date.parse(done.endedAt!)).toBeGreaterThan(laterMs);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    expect(await holesOf(playbackId)).toEqual([]);
    await eventually(async () => expect(await leftFootage(recordDir)).toEqual([]));
  });

  it('a stop in the post-roll ends the recording there', async () => {
    const cameraId = await app.addCamera(camera, { postRollSec: 300 });
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId);
    await app.end(id);
    const stop = () => app.call('POST', `/playbacks/${playbackId}/stop`, { token: app.token });
    expect((await stop()).status).toBe(200);
    expect(await app.until(playbackId, 'COMPLETED')).toMatchObject({ endReason: 'stopped' });
  });

  it('a hundred triggers of ten senders, half of them repeats, are fifty recordings over one capture', async () => {
    const cameraId = await app.addCamera(camera);
    const before = camera.stats().sessionsOpened;
    const triggers: StartedEvent[] = [];
    const send = async (sender: number) => {
      for (let n = sender; n < 100; n += 10) {
        const headers = { 'Idempotency-Key': `trigger-${n >> 1}` };
        triggers.push(await app.trigger(cameraId, { metadata: { n: n >> 1 } }, headers));
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, sender) => send(sender)));
    const playbackIds = [...new Set(triggers.map(({ playbackId }) => playbackId))];
    expect(playbackIds).toHaveLength(50);
    for (const playbackId of playbackIds) await app.untilFootage(playbackId);
    expect(camera.stats().sessionsOpened - before).toBe(1);
    for (const eventId of new Set(triggers.map(({ id }) => id))) await app.end(eventId);
    for (const playbackId of playbackIds) await app.until(playbackId, 'COMPLETED', 120_000);
  }, 180_000);
});
