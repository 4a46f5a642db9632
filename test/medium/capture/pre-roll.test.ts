import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  heardRanges,
  judgeFrames,
  readFrameCounters,
  startVirtualCamera,
  type VirtualCamera,
} from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import type { PlaybackResponse } from '../../../src/modules/playback/playback.response.js';
import { createTestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** A camera and a recorder of its own for each test: they run side by side. */
class Stage {
  private constructor(
    readonly camera: VirtualCamera,
    readonly app: RecorderApp,
    readonly recordDir: string,
  ) {}

  static async with(play: (stage: Stage) => Promise<void>): Promise<void> {
    const recordDir = await mkdtemp(join(tmpdir(), 'hindsight-pre-roll-'));
    const database = await createTestDatabase();
    const camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 4 });
    const app = await startRecorderApp(database, recordDir, { RING_EXTRA_SEC: '2' });
    try {
      await play(new Stage(camera, app, recordDir));
    } finally {
      await app.close();
      await camera.stop();
      await database.drop();
      await rm(recordDir, { recursive: true, force: true });
    }
  }

  /** Waits until the camera has been captured for so long. */
  async warmedUp(sec: number): Promise<void> {
    await eventually(() => {
      const openedAtMs = this.camera.stats().sessions[0]?.openedAt.getTime() ?? Infinity;
      expect(Date.now() - openedAtMs).toBeGreaterThan(sec * 1_000);
    }, 60_000);
  }

  async ended(id: string, playbackId: string): Promise<PlaybackResponse> {
    await this.app.end(id);
    return this.app.until(playbackId, 'COMPLETED');
  }

  /** What the frames of the object say, against what the camera has sent in its time. */
  async judge({ id, startedAt, endedAt }: PlaybackResponse) {
    const { app, camera, recordDir } = this;
    const headers = { authorization: `Bearer ${app.token}` };
    const video = await fetch(`${app.url}/playbacks/${id}/video`, { headers });
    const path = join(recordDir, `${id}.download`);
    await writeFile(path, Buffer.from(await video.arrayBuffer()));
    const counters = await readFrameCounters(path).finally(() => rm(path));
    const sentAtMs = new Map(camera.sentFrames().map(({ frame, sentAtMs: at }) => [frame, at]));
    const { firstFrame, lastFrame, ...wide } = judgeFrames(
      counters,
      heardRanges(camera.sent({ fromMs: Date.parse(startedAt!) - 1_000, toMs: Date.parse(endedAt!) }), 'main'),
      camera,
    );
    const wanted = { firstFrame: firstFrame!, lastFrame: lastFrame! };
    const { lost } = judgeFrames(counters, [wanted], camera);
    return { ...wide, lost, firstSentAtMs: sentAtMs.get(firstFrame!)! };
  }
}

describe('a camera with a pre-roll', () => {
  it.concurrent(
    'begins the video before the trigger, at a key frame, with nothing missing',
    () =>
      Stage.with(async (stage) => {
        const { app, camera } = stage;
        const cameraId = await app.addCamera(camera, { preRollSec: 5 });
        await stage.warmedUp(11);
        const { id, playbackId } = await app.trigger(cameraId);
        await app.untilFootage(playbackId, 8_000);
        const done = await stage.ended(id, playbackId);
        expect(done.completeness).toMatchObject({ gaps: [] });
        const occurredAtMs = Date.parse(done.event!.occurredAt);
        expect(Date.parse(done.startedAt!)).toBeLessThanOrEqual(occurredAtMs - 5_000);
        const { lost, duplicated, unreadable, unexpected, firstSentAtMs } = await stage.judge(done);
        expect(occurredAtMs - firstSentAtMs).toBeGreaterThanOrEqual(5_000);
        expect([lost.frames, duplicated.frames, unreadable.frames, unexpected.frames]).toEqual([0, 0, 0, 0]);
      }),
    90_000,
  );

  it.concurrent(
    'says what could not be had when the camera has only just been added',
    () =>
      Stage.with(async (stage) => {
        const { app, camera } = stage;
        const cameraId = await app.addCamera(camera, { preRollSec: 5 });
        const { id, playbackId } = await app.trigger(cameraId);
        await app.untilFootage(playbackId, 2_000);
        const done = await stage.ended(id, playbackId);
        const { gaps, expectedMs, storedMs } = done.completeness;
        expect(gaps).toHaveLength(1);
        expect(gaps[0]!.cause).toBe('no_pre_roll');
        expect(missingMs(done)).toBeGreaterThanOrEqual(5_000);
        expect(storedMs! + missingMs(done)).toBe(expectedMs);
      }),
    60_000,
  );

  it.concurrent(
    'keeps no more than the ring when nothing happens, and one session for all',
    () =>
      Stage.with(async (stage) => {
        const { app, camera, recordDir } = stage;
        await app.addCamera(camera, { preRollSec: 1 });
        await stage.warmedUp(20);
        const first = await leftFootage(recordDir);
        await stage.warmedUp(32);
        // The ring is swept every ten seconds.
        await eventually(async () => {
          const later = await leftFootage(recordDir);
          expect(later.filter((path) => /\d{9}\.mp4$/.test(path)).length).toBeLessThanOrEqual(3);
          expect(first.filter((path) => /\d{9}\.mp4$/.test(path)).some((path) => !later.includes(path))).toBe(true);
        }, 15_000);
        expect(camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 1 });
      }),
    90_000,
  );

  it.concurrent(
    'follows the camera when its settings change, and stops when the pre-roll is taken away',
    () =>
      Stage.with(async ({ app, camera, recordDir }) => {
        const sessions = (sessionsOpened: number, sessionsOpen: number) =>
          eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpened, sessionsOpen }));
        const cameraId = await app.addCamera(camera, { preRollSec: 1 });
        await sessions(1, 1);
        const patch = (body: object) => app.call('PATCH', `/cameras/${cameraId}`, { token: app.token, body });
        await patch({ recordAudio: false });
        await sessions(2, 1);
        await patch({ name: 'another name' });
        await patch({ preRollSec: 0 });
        await sessions(2, 0);
        await eventually(async () => expect(await leftFootage(recordDir)).toEqual([]), 30_000);
      }),
    60_000,
  );
});
