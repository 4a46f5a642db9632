import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CameraProfileName,
  type Faults,
  heardRanges,
  judgeFrames,
  readFrameCounters,
} from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import { coveredSpans, findStalls, selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import { buildLedger } from '../../../src/schema/ledger.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { CAM } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { readFootage, writeObject } from '../../support/recorder/hybrid-object.js';
import { Stage } from '../../support/recorder/stage.js';
import { checkVideo } from '../../support/recorder/video-check.js';

const HOUR_MS = 3_600_000;

async function end({ rig }: Stage): Promise<Take<StoredCapture>[]> {
  rig.capture.release('test');
  await rig.capture.idle();
  return selectFootage(await rig.log.readCaptures(CAM), { startMs: 0, endMs: Infinity });
}

async function makeObject({ rig }: Stage, takes: Take<StoredCapture>[]): Promise<string> {
  const out = join(rig.dir, 'out.mp4');
  await writeObject(out, await readFootage(takes), null);
  return out;
}

/** The pictures say when they were taken: the log must agree, up to what a busy machine takes to hand them on. */
async function checkTimes(stage: Stage, takes: Take<StoredCapture>[], setByMs: number[] = []): Promise<void> {
  const { camera } = stage;
  for (const [index, take] of takes.entries()) {
    const [first] = await readFrameCounters(await makeObject(stage, [take]));
    const loops = Math.round(
      (take.span.startMs - (setByMs[index] ?? 0) - camera.frameTakenAtMs(first!, 0)) / (camera.loopLength * 40),
    );
    const offMs = take.span.startMs - (setByMs[index] ?? 0) - camera.frameTakenAtMs(first!, loops);
    expect(Math.abs(offMs)).toBeLessThan(1_500);
  }
}

describe('clocks that jump', () => {
  const wallMs = ({ epochMs }: StoredCapture, startMs: number) => epochMs + startMs;

  const jumps: [CameraProfileName, 'timestampJumpSec' | 'clockJumpSec', number][] = [
    ['h264-silent', 'timestampJumpSec', -5],
    ['h264-aac', 'timestampJumpSec', 3_600],
    ['h264-aac', 'clockJumpSec', -5],
    ['h264-bframes', 'timestampJumpSec', 5],
    ['h264-bframes', 'clockJumpSec', -30],
    // More than an MP4 can say in one duration, or what RTP's 32 bits make of it.
    ['h264-silent', 'timestampJumpSec', -3_600],
    ['h264-pcmu', 'timestampJumpSec', -3_600],
    ['h264-aac', 'clockJumpSec', 86_400],
    ['h264-bframes', 'clockJumpSec', 86_400],
    ['h264-bframes', 'timestampJumpSec', -3_600],
  ];
  it.concurrent.each(jumps)(
    'goes on in a new session when the times of %s jump (%s %d)',
    async (profile, fault, sec) => {
      await Stage.with({ profile, gopSec: 1 }, async (stage) => {
        const { camera, rig } = stage;
        const { told } = rig;
        rig.capture.demand('test');
        await stage.more(7);
        await camera.faults.set({ [fault]: sec });
        await eventually(() => expect(told.failures).not.toEqual([]));
        await stage.more(4);
        const takes = await end(stage);
        expect(told.failures.map(({ code, cause }) => [code, cause])).toEqual([
          ['RECORDING.CLOCK_JUMPED', 'clock_jumped'],
        ]);
        expect(takes).toHaveLength(2);
        const stalls = takes.map((take) => findStalls(take));
        expect(stalls).toEqual([[], []]);
        const range = { startMs: takes[0]!.span.startMs, endMs: takes[1]!.span.endMs };
        const spans = takes.flatMap((take) => coveredSpans(take, []));
        const { gaps, expectedMs, storedMs } = buildLedger(range, spans, told.interruptions);
        expect(gaps.map(({ cause }) => cause)).toEqual(['clock_jumped']);
        expect(storedMs).toBeGreaterThan(expectedMs / 2);
        const out = await makeObject(stage, takes);
        const { complaints, durationSec } = await checkVideo(out);
        expect(complaints).toBe('');
        expect(Math.abs(durationSec - expectedMs / 1_000)).toBeLessThan(1);
        const sent = heardRanges(camera.sent(), 'main');
        const judged = judgeFrames(await readFrameCounters(out), sent, { loopLength: camera.loopLength });
        expect(judged).toMatchObject({
          unreadable: { frames: 0 },
          duplicated: { frames: 0 },
          unexpected: { frames: 0 },
        });
        // Up to a GOP of crammed frames goes by before the jump is certain, and some more until the old session is closed.
        expect(judged.lost.frames).toBeLessThan(75);
        await checkTimes(stage, takes);
      });
    },
  );

  const early: [CameraProfileName, number][] = [
    ['h264-silent', -3_600],
    ['h264-aac', -5],
    ['h264-pcmu', -2],
    ['h264-silent', -1],
  ];
  it.concurrent.each(early)(
    'leaves every picture in its place when the times of %s jump right after the start (%d s)',
    async (profile, sec) => {
      await Stage.with({ profile, gopSec: 1 }, async (stage) => {
        const { camera, rig } = stage;
        rig.capture.demand('test');
        await stage.more(2);
        await camera.faults.set({ timestampJumpSec: sec });
        await stage.more(8);
        const takes = await end(stage);
        for (const take of takes) {
          const path = await makeObject(stage, [take]);
          const [{ complaints, presentationSec }, counters] = [await checkVideo(path), await readFrameCounters(path)];
          expect(complaints).toBe('');
          // How late each frame stands: all of one session alike.
          const lateMs = counters.map(
            (frame, index) => presentationSec[index]! * 1_000 - camera.frameTakenAtMs(frame, 0),
          );
          expect(Math.max(...lateMs) - Math.min(...lateMs)).toBeLessThan(200);
        }
        await checkTimes(stage, takes);
      });
    },
  );

  const lateJoins: CameraProfileName[] = ['h264-aac', 'h264-pcmu'];
  it.concurrent.each(lateJoins)(
    'stays in one session when FFmpeg learns late how pictures and sound of %s belong together',
    async (profile) => {
      const faults = { rtpInfoMissing: true, soundFirst: true, firstReportDelayMs: 5_000 };
      await Stage.with({ profile, gopSec: 4, faults }, async (stage) => {
        const { camera, rig } = stage;
        const gopMs = 4_000;
        // The sound begins most of a GOP before the first picture.
        await delay(gopMs - ((Date.now() - camera.frameTakenAtMs(0, 0)) % gopMs));
        rig.capture.demand('test');
        await stage.more(12);
        const takes = await end(stage);
        expect(rig.told).toMatchObject({ failures: [], starts: 1 });
        expect(takes).toHaveLength(1);
        const path = await makeObject(stage, takes);
        const [{ presentationSec }, counters] = [await checkVideo(path), await readFrameCounters(path)];
        const lateMs = counters.map(
          (frame, index) => takes[0]!.span.startMs + presentationSec[index]! * 1_000 - camera.frameTakenAtMs(frame, 0),
        );
        // The first seconds stand as FFmpeg had them; from then on all is in its place.
        const loopMs = camera.loopLength * 40;
        const settled = lateMs.slice(5 * 25).map((ms) => ms - Math.round(ms / loopMs) * loopMs);
        expect(settled.length).toBeGreaterThan(100);
        for (const ms of settled) expect(Math.abs(ms)).toBeLessThan(1_000);
      });
    },
  );

  const DAY_SEC = 86_400;
  const apart: [CameraProfileName, Partial<Faults>, boolean][] = [
    ['h264-aac', { soundClockAheadSec: -DAY_SEC, soundFirst: true }, true],
    ['h264-aac', { soundClockAheadSec: -DAY_SEC, soundFirst: true }, false],
    ['h264-pcmu', { soundClockAheadSec: -20_000 * DAY_SEC, soundFirst: true }, true],
    ['h264-aac', { soundClockAheadSec: DAY_SEC, firstReportDelayMs: 3_000 }, true],
    ['h264-aac', { soundClockAheadSec: -DAY_SEC, firstReportDelayMs: 3_000 }, true],
  ];
  it.concurrent.each(apart)(
    'opens %s once more, and no more, when sound and pictures go by clocks of their own (%j, with sound: %s)',
    async (profile, faults, recordAudio) => {
      await Stage.with(
        { profile, gopSec: 2, faults },
        async (stage) => {
          const { camera, rig } = stage;
          rig.capture.demand('test');
          // Sound that is not wanted is not set up, so that its clock does not matter.
          const sessions = recordAudio ? 2 : 1;
          await eventually(() => expect(rig.told.starts).toBe(sessions));
          await stage.more(10);
          const [take, ...others] = (await end(stage)).reverse();
          expect(rig.told.starts).toBe(sessions);
          expect(rig.told.failures.map(({ cause }) => cause)).toEqual(recordAudio ? ['clock_jumped'] : []);
          expect(others.length).toBeLessThan(2);
          const out = await makeObject(stage, [take!]);
          const { complaints, presentationSec } = await checkVideo(out);
          expect(complaints).toBe('');
          const counters = await readFrameCounters(out);
          const judged = judgeFrames(counters, heardRanges(camera.sent(), 'main'), { loopLength: camera.loopLength });
          expect(judged).toMatchObject({ duplicated: { frames: 0 }, unexpected: { frames: 0 } });
          // As far apart as they were taken, and where they were taken.
          const apartSec = presentationSec.slice(1).map((sec, index) => sec - presentationSec[index]!);
          for (const sec of apartSec) expect(Math.abs(sec - 0.04)).toBeLessThan(0.02);
          await checkTimes(stage, [take!]);
        },
        { recordAudio },
      );
    },
  );

  it.concurrent.each([HOUR_MS, -HOUR_MS])(
    'goes on by the new time when the wall clock is set by %d ms, losing nothing',
    async (by) => {
      let setByMs = 0;
      const deps = { nowMs: () => Date.now() + setByMs };
      await Stage.with(
        { profile: 'h264-aac', gopSec: 3 },
        async (stage) => {
          const { camera, rig } = stage;
          const { told } = rig;
          rig.capture.demand('test');
          await stage.more(3);
          setByMs = by;
          await stage.more(7);
          const takes = await end(stage);
          expect(told).toMatchObject({ failures: [], starts: 1 });
          const inOrder = by > 0 ? takes : [takes[1]!, takes[0]!];
          expect(takes).toHaveLength(2);
          expect(inOrder.map(({ capture: { endCause } }) => endCause)).toEqual(['clock_jumped', null]);
          const frames = takes.flatMap(({ fragments }) => fragments).reduce((sum, each) => sum + each.frames, 0);
          const counters = [];
          for (const take of inOrder) counters.push(...(await readFrameCounters(await makeObject(stage, [take]))));
          expect(counters).toHaveLength(frames);
          const judged = judgeFrames(counters, heardRanges(camera.sent(), 'main'), { loopLength: camera.loopLength });
          expect(judged).toMatchObject({ duplicated: { frames: 0 }, unexpected: { frames: 0 } });
          await checkTimes(stage, inOrder, [0, by]);
          const noted = told.interruptions.filter(({ cause }) => cause === 'clock_jumped');
          expect(noted).toHaveLength(by > 0 ? 1 : 0);
          const [before, after] = [inOrder[0]!, inOrder[1]!];
          if (by < 0) return;
          expect(noted[0]!.startMs).toBeCloseTo(before.span.endMs, -2);
          expect(noted[0]!.endMs).toBeCloseTo(wallMs(after.capture, after.fragments[0]!.startMs), -2);
        },
        { deps },
      );
    },
  );

  it.concurrent('does not take a pause of the camera for a jump', async () => {
    await Stage.with({ profile: 'h264-aac', gopSec: 1 }, async (stage) => {
      stage.rig.capture.demand('test');
      await stage.more(6);
      await stage.camera.faults.set({ stalled: true }, { forSec: 2 });
      await stage.more(5);
      const takes = await end(stage);
      expect(stage.rig.told.failures).toEqual([]);
      expect(takes.flatMap((take) => findStalls(take))).toHaveLength(1);
      await checkTimes(stage, takes);
    });
  });
});
