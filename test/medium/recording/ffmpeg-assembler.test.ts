import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CameraProfileName,
  findCounterHoles,
  readFrameCounters,
  startVirtualCamera,
  type VirtualCamera,
} from '../../../tools/virtual-camera/index.js';
import { selectFootage } from '../../../src/modules/recording/domain/footage.js';
import { FfmpegAssembler } from '../../../src/modules/recording/assembly/ffmpeg-assembler.process.js';
import { type CaptureRig, findTools, makeCaptureRig, SHIPPED_FFMPEG } from './support/capture-rig.js';
import { eventually } from './support/eventually.js';
import { checkVideo, findBeeps } from './support/video-check.js';

const ALL_TIME = { startMs: 0, endMs: Infinity };

describe('FfmpegAssembler', () => {
  let camera: VirtualCamera | undefined;
  let rig: CaptureRig | undefined;
  afterEach(async () => {
    await rig?.remove();
    await camera?.stop();
    camera = rig = undefined;
  });

  async function capture(profile: CameraProfileName, fragments: number, ffmpegPath?: string): Promise<CaptureRig> {
    camera = await startVirtualCamera({ profile, gopSec: 1, username: 'admin', password: 'correct horse' });
    rig = await makeCaptureRig(camera, { tools: await findTools(ffmpegPath) });
    await record(rig, fragments);
    return rig;
  }

  async function record({ capture: one, told }: CaptureRig, fragments: number): Promise<void> {
    const before = told.fragments.length;
    one.demand('test');
    await eventually(() => expect(told.fragments.length).toBeGreaterThanOrEqual(before + fragments));
    one.release('test');
    await one.idle();
  }

  /** All that the rig has captured, as one file. */
  async function assemble({ log, dir }: CaptureRig, ffmpegPath?: string, signal?: AbortSignal): Promise<string> {
    const takes = selectFootage(await log.readCaptures('cam'), ALL_TIME);
    const out = join(dir, 'out.mp4');
    await new FfmpegAssembler(await findTools(ffmpegPath)).assemble(takes, out, signal);
    return out;
  }

  const profiles: CameraProfileName[] = ['h264-aac', 'h264-pcmu', 'h264-silent', 'h264-bframes', 'h265', 'mjpeg'];
  const builds: [string, string | undefined][] = [
    ['the FFmpeg at hand', undefined],
    ['the one from the registry', SHIPPED_FFMPEG],
  ];
  it.each(profiles.flatMap((profile) => builds.map(([name, path]) => [profile, name, path] as const)))(
    'makes a flawless file of %s with %s: every frame, even steps, picture and sound together',
    async (profile, _name, path) => {
      const made = await capture(profile, 4, path);
      const out = await assemble(made, path);
      const { complaints, presentationSec, decodeSec } = await checkVideo(out);
      expect(complaints).toBe('');
      const counters = await readFrameCounters(out);
      expect(findCounterHoles(counters, camera!.loopLength)).toEqual([]);
      const indexed = made.told.fragments.reduce((sum, { frames }) => sum + frames, 0);
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
      const beeps = (await findBeeps(out)).filter((at) => at > 0.3 && at < presentationSec.at(-1)!);
      expect(beeps.length).toBeGreaterThanOrEqual(2);
      for (const beep of beeps) {
        expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.025);
      }
    },
  );

  it('keeps the clock over a gap between two captures', async () => {
    const made = await capture('h264-aac', 2);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await record(made, 2);
    const [first, second, ...others] = selectFootage(await made.log.readCaptures('cam'), ALL_TIME);
    expect(others).toEqual([]);
    const out = await assemble(made);
    const { complaints, durationSec, presentationSec } = await checkVideo(out);
    expect(complaints).toBe('');
    expect(durationSec).toBeCloseTo((second!.span.endMs - first!.span.startMs) / 1_000, 0);
    const steps = presentationSec.slice(1).map((at, index) => at - presentationSec[index]!);
    const gapSec = (second!.span.startMs - first!.span.endMs) / 1_000;
    expect(gapSec).toBeGreaterThan(1.4);
    expect(Math.abs(Math.max(...steps) - gapSec)).toBeLessThan(0.1);
    expect(steps.filter((step) => step > 0.1)).toHaveLength(1);
    // The camera beeps once a second of its own clock: the sound behind the gap is in its place too.
    const beeps = (await findBeeps(out)).filter((at) => at > 0.3);
    const [earliest, latest] = [beeps[0]!, beeps.at(-1)!];
    expect(latest - earliest).toBeGreaterThan(gapSec);
    expect(Math.abs(latest - earliest - Math.round(latest - earliest))).toBeLessThan(0.1);
  });

  it('does not turn time back where two captures overlap', async () => {
    const made = await capture('h264-aac', 2);
    await record(made, 2);
    const [first, second] = await made.log.readCaptures('cam');
    // As when a camera sends its last seconds again after a reconnect.
    const last = first!.fragments.at(-1)!;
    const start = second!.fragments[0]!;
    second!.epochMs = first!.epochMs + last.startMs + last.durationMs - 1_000 - start.startMs;
    const { complaints, decodeSec } = await checkVideo(await assemble(made));
    expect(complaints).toBe('');
    expect(decodeSec.every((at, index) => index === 0 || at > decodeSec[index - 1]!)).toBe(true);
  });

  it('leaves nothing behind when it fails or is told to stop', async () => {
    const made = await capture('h264-silent', 2);
    await expect(assemble(made, undefined, AbortSignal.abort())).rejects.toMatchObject({
      code: 'RECORDING.ASSEMBLY_FAILED',
    });
    const [only] = await made.log.readCaptures('cam');
    await rm(join(only!.dir, only!.fragments[0]!.segment));
    await expect(assemble(made)).rejects.toMatchObject({ code: 'RECORDING.ASSEMBLY_FAILED' });
    expect((await readdir(made.dir)).filter((name) => name.startsWith('out'))).toEqual([]);
  });
});
