import { join } from 'node:path';
import {
  CAMERA_PROFILES,
  type CameraProfileName,
  findCounterHoles,
  readFrameCounters,
} from '@hindsight/virtual-camera';
import { describe, expect, it, jest } from '@jest/globals';
import { selectFootage, type Take } from '../../../src/modules/footage/domain/footage.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { CAM, type CaptureRig, findTools, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { readFootage, writeObject } from '../../support/recorder/hybrid-object.js';
import { Stage } from '../../support/recorder/stage.js';
import { checkVideo, findBeeps } from '../../support/recorder/video-check.js';

const ALL_TIME = { startMs: 0, endMs: Infinity };
const PROFILES = Object.keys(CAMERA_PROFILES) as CameraProfileName[];
/** Real time for the camera. */
jest.setTimeout(120_000);

describe('The object of what a camera sent', () => {
  async function makeObject({ dir }: CaptureRig, takes: readonly Take<StoredCapture>[]): Promise<string> {
    const path = join(dir, 'object.mp4');
    await writeObject(path, await readFootage(takes), null);
    return path;
  }

  /** All frames that were indexed, in even steps, and each beep with its picture. */
  async function expectFlawless({ camera, rig }: Stage, profile: CameraProfileName): Promise<void> {
    const path = await makeObject(rig, selectFootage(await rig.log.readCaptures(CAM), ALL_TIME));
    const { complaints, presentationSec, decodeSec } = await checkVideo(path);
    expect(complaints).toBe('');
    const counters = await readFrameCounters(path);
    expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
    const indexed = rig.told.fragments.reduce((sum, { frames }) => sum + frames, 0);
    // B-frames at the very end may lean on pictures that never came.
    expect(indexed - counters.length).toBeLessThanOrEqual(profile === 'h264-bframes' ? 2 : 0);
    expect(presentationSec).toHaveLength(counters.length);
    for (const [index, at] of presentationSec.slice(2).entries()) {
      expect(at - presentationSec[index + 1]!).toBeCloseTo(0.04, 3);
    }
    expect(decodeSec.every((at, index) => index === 0 || at > decodeSec[index - 1]!)).toBe(true);
    if (profile === 'h264-silent') return;
    const marks = presentationSec.filter((_at, index) => counters[index]! % 25 === 0);
    // A beep at the edge of the file has no picture of its own, and the first one may be cut into.
    const beeps = (await findBeeps(path)).filter((at) => at > 0.3 && at < presentationSec.at(-1)!);
    expect(beeps.length).toBeGreaterThanOrEqual(2);
    for (const beep of beeps) {
      expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.025);
    }
  }

  it.concurrent.each(
    PROFILES.flatMap((profile) => [
      [profile, 'at hand', undefined] as const,
      [profile, 'from the registry', SHIPPED_FFMPEG] as const,
    ]),
  )(
    'is flawless: every frame, even steps, picture and sound together (%s, recorded by the FFmpeg %s)',
    async (profile, _which, ffmpegPath) => {
      const camera = { profile, gopSec: 1, username: 'admin', password: 'correct horse' };
      const play = async (stage: Stage) => {
        await stage.record(4);
        await expectFlawless(stage, profile);
      };
      await Stage.with(camera, play, { tools: await findTools(ffmpegPath) });
    },
  );

  it.concurrent('keeps the clock over a gap between two captures, and does not turn it back where they overlap', () =>
    Stage.with({ profile: 'h264-aac', gopSec: 1 }, async (stage) => {
      const { rig } = stage;
      await stage.record(2);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await stage.record(2);
      const takes = selectFootage(await rig.log.readCaptures(CAM), ALL_TIME);
      const [first, second, ...others] = takes;
      expect(others).toEqual([]);
      const path = await makeObject(rig, takes);
      const { complaints, durationSec, presentationSec } = await checkVideo(path);
      expect(complaints).toBe('');
      expect(durationSec).toBeCloseTo((second!.span.endMs - first!.span.startMs) / 1_000, 0);
      const steps = presentationSec.slice(1).map((at, index) => at - presentationSec[index]!);
      const gapSec = (second!.span.startMs - first!.span.endMs) / 1_000;
      expect(gapSec).toBeGreaterThan(1.4);
      expect(Math.abs(Math.max(...steps) - gapSec)).toBeLessThan(0.1);
      expect(steps.filter((step) => step > 0.1)).toHaveLength(1);
      // The camera beeps once a second of its own clock: the sound behind the gap is in its place too.
      const beeps = (await findBeeps(path)).filter((at) => at > 0.3);
      const [earliest, latest] = [beeps[0]!, beeps.at(-1)!];
      expect(latest - earliest).toBeGreaterThan(gapSec);
      expect(Math.abs(latest - earliest - Math.round(latest - earliest))).toBeLessThan(0.1);

      // As when a camera sends its last seconds again after a reconnect.
      const earlierMs = second!.span.startMs - first!.span.endMs + 1_000;
      const again = { ...second!.capture, epochMs: second!.capture.epochMs - earlierMs };
      const overlapping = await checkVideo(await makeObject(rig, selectFootage([first!.capture, again], ALL_TIME)));
      expect(overlapping.complaints).toBe('');
      const { decodeSec } = overlapping;
      expect(decodeSec).toHaveLength(presentationSec.length);
      expect(decodeSec.every((at, index) => index === 0 || at > decodeSec[index - 1]!)).toBe(true);
    }),
  );
});
