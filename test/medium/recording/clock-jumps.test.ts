import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CameraProfileName,
  heardRanges,
  judgeFrames,
  readFrameCounters,
  startVirtualCamera,
  type VirtualCamera,
} from '../../../tools/virtual-camera/index.js';
import { coveredSpans, findStalls, selectFootage, type Take } from '../../../src/modules/recording/domain/footage.js';
import { buildLedger } from '../../../src/modules/recording/domain/ledger.js';
import type { StoredCapture } from '../../../src/modules/recording/log/fragment-log.store.js';
import { type CaptureRig, makeCaptureRig } from './support/capture-rig.js';
import { eventually } from './support/eventually.js';
import { readFootage, writeObject } from './support/hybrid-object.js';
import { checkVideo } from './support/video-check.js';

const HOUR_MS = 3_600_000;

describe('clocks that jump', () => {
  let camera: VirtualCamera | undefined;
  let rig: CaptureRig | undefined;
  afterEach(async () => {
    await rig?.remove();
    await camera?.stop();
    camera = rig = undefined;
  });

  const wallMs = ({ epochMs }: StoredCapture, startMs: number) => epochMs + startMs;

  /** Resolves when so many fragments more have come. */
  const more = async (fragments: number) => {
    const wanted = rig!.told.fragments.length + fragments;
    await eventually(() => expect(rig!.told.fragments.length).toBeGreaterThanOrEqual(wanted));
  };

  async function end(): Promise<Take<StoredCapture>[]> {
    rig!.capture.release('test');
    await rig!.capture.idle();
    return selectFootage(await rig!.log.readCaptures('cam'), { startMs: 0, endMs: Infinity });
  }

  async function makeObject(takes: Take<StoredCapture>[]): Promise<string> {
    const out = join(rig!.dir, 'out.mp4');
    await writeObject(out, await readFootage(takes), null);
    return out;
  }

  /** The pictures say when they were taken: the log must agree, up to what a busy machine takes to hand them on. */
  async function checkTimes(takes: Take<StoredCapture>[], setByMs: number[] = []): Promise<void> {
    for (const [index, take] of takes.entries()) {
      const [first] = await readFrameCounters(await makeObject([take]));
      const loops = Math.round(
        (take.span.startMs - (setByMs[index] ?? 0) - camera!.frameTakenAtMs(first!, 0)) / (camera!.loopLength * 40),
      );
      const offMs = take.span.startMs - (setByMs[index] ?? 0) - camera!.frameTakenAtMs(first!, loops);
      expect(Math.abs(offMs)).toBeLessThan(1_500);
    }
  }

  const jumps: [CameraProfileName, 'timestampJumpSec' | 'clockJumpSec', number][] = [
    ['h264-silent', 'timestampJumpSec', -5],
    ['h264-aac', 'timestampJumpSec', 3_600],
    ['h264-aac', 'clockJumpSec', -5],
    ['h264-bframes', 'timestampJumpSec', 5],
    ['h264-bframes', 'clockJumpSec', -30],
  ];
  it.each(jumps)('goes on in a new session when the times of %s jump (%s %d)', async (profile, fault, sec) => {
    camera = await startVirtualCamera({ profile, gopSec: 1 });
    rig = await makeCaptureRig(camera);
    const { told } = rig;
    rig.capture.demand('test');
    await more(7);
    await camera.faults.set({ [fault]: sec });
    await eventually(() => expect(told.failures).not.toEqual([]));
    await more(4);
    const takes = await end();
    expect(told.failures.map(({ code, cause }) => [code, cause])).toEqual([['RECORDING.CLOCK_JUMPED', 'clock_jumped']]);
    expect(takes).toHaveLength(2);
    const stalls = takes.map((take) => findStalls(take));
    expect(stalls).toEqual([[], []]);
    const range = { startMs: takes[0]!.span.startMs, endMs: takes[1]!.span.endMs };
    const spans = takes.flatMap((take) => coveredSpans(take, []));
    const { gaps, expectedMs, storedMs } = buildLedger(range, spans, told.interruptions);
    expect(gaps.map(({ cause }) => cause)).toEqual(['clock_jumped']);
    expect(storedMs).toBeGreaterThan(expectedMs / 2);
    const out = await makeObject(takes);
    const { complaints, durationSec } = await checkVideo(out);
    expect(complaints).toBe('');
    expect(Math.abs(durationSec - expectedMs / 1_000)).toBeLessThan(1);
    const sent = heardRanges(camera.sent(), 'main');
    const judged = judgeFrames(await readFrameCounters(out), sent, { loopLength: camera.loopLength });
    expect(judged).toMatchObject({ unreadable: { frames: 0 }, duplicated: { frames: 0 }, unexpected: { frames: 0 } });
    // Up to a GOP of crammed frames goes by before the jump is certain, and some more until the old session is closed.
    expect(judged.lost.frames).toBeLessThan(75);
    await checkTimes(takes);
  });

  it.each([HOUR_MS, -HOUR_MS])(
    'goes on by the new time when the wall clock is set by %d ms, losing nothing',
    async (by) => {
      camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 3 });
      let setByMs = 0;
      rig = await makeCaptureRig(camera, { deps: { nowMs: () => Date.now() + setByMs } });
      const { told } = rig;
      rig.capture.demand('test');
      await more(3);
      setByMs = by;
      await more(7);
      const takes = await end();
      expect(told).toMatchObject({ failures: [], starts: 1 });
      const inOrder = by > 0 ? takes : [takes[1]!, takes[0]!];
      expect(takes).toHaveLength(2);
      expect(inOrder.map(({ capture: { endCause } }) => endCause)).toEqual(['clock_jumped', null]);
      const frames = takes.flatMap(({ fragments }) => fragments).reduce((sum, each) => sum + each.frames, 0);
      const counters = [];
      for (const take of inOrder) counters.push(...(await readFrameCounters(await makeObject([take]))));
      expect(counters).toHaveLength(frames);
      const judged = judgeFrames(counters, heardRanges(camera.sent(), 'main'), { loopLength: camera.loopLength });
      expect(judged).toMatchObject({ duplicated: { frames: 0 }, unexpected: { frames: 0 } });
      await checkTimes(inOrder, [0, by]);
      const noted = told.interruptions.filter(({ cause }) => cause === 'clock_jumped');
      expect(noted).toHaveLength(by > 0 ? 1 : 0);
      const [before, after] = [inOrder[0]!, inOrder[1]!];
      if (by < 0) return;
      expect(noted[0]!.startMs).toBeCloseTo(before.span.endMs, -2);
      expect(noted[0]!.endMs).toBeCloseTo(wallMs(after.capture, after.fragments[0]!.startMs), -2);
    },
  );

  it('does not take a pause of the camera for a jump', async () => {
    camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 1 });
    rig = await makeCaptureRig(camera);
    rig.capture.demand('test');
    await more(6);
    await camera.faults.set({ stalled: true }, { forSec: 2 });
    await more(5);
    const takes = await end();
    expect(rig.told.failures).toEqual([]);
    expect(takes.flatMap((take) => findStalls(take))).toHaveLength(1);
    await checkTimes(takes);
  });
});
