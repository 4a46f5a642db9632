import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCounterHoles, readFrameCounters, UNREADABLE, type VirtualCameraOptions } from '@hindsight/virtual-camera';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import { describe, expect, it, jest } from '@jest/globals';
import { FfmpegAssembler } from '../../../src/modules/delivery/ffmpeg-assembler.process.js';
import { selectFootage } from '../../../src/modules/footage/domain/footage.js';
import { FragmentLog, type StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { createLogger } from '../../../src/common/logging.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { CAM, findTools, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { Stage } from '../../support/recorder/stage.js';
import { checkVideo, findBeeps } from '../../support/recorder/video-check.js';

const run = promisify(execFile);
jest.setTimeout(180_000);

const ALL_TIME = { startMs: 0, endMs: Infinity };
const LARGE = { width: 640, height: 360 };
const SMALL = { width: 320, height: 180 };

/** Pictures of two sizes by turns, within one session. */
const turning = (codec: 'h264' | 'h265', options: VirtualCameraOptions = {}): VirtualCameraOptions => ({
  ...{ profile: 'h264-silent', gopSec: 1 },
  ...options,
  video: { codec, ...LARGE, bitrateKbps: 300, ...options.video },
  oddities: { otherSize: '320x180', otherSizeEverySec: 2, ...options.oddities },
});

const sizesOf = (captures: readonly StoredCapture[]) =>
  captures.map(({ init }) => ({ width: init.video.width, height: init.video.height }));

/** Records until the stream has changed so often. */
async function recordTurns(stage: Stage, turns: number): Promise<StoredCapture[]> {
  const { capture, log } = stage.rig;
  capture.demand('test');
  await eventually(async () => expect(await log.readCaptures(CAM)).toHaveLength(turns + 1));
  await stage.more(2);
  capture.release('test');
  await capture.idle();
  return log.readCaptures(CAM);
}

/** What FFmpeg decodes, and complains of, in a capture by itself. */
async function play({ dir }: StoredCapture) {
  const names = (await readdir(dir)).filter((name) => /^\d+\.mp4$/.test(name)).sort();
  const path = join(dir, 'whole.mp4');
  await writeFile(path, Buffer.concat(await Promise.all(names.map((name) => readFile(join(dir, name))))));
  const { stderr } = await run(findFfmpeg(), ['-v', 'error', '-i', path, '-f', 'null', '-']);
  const what = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=width,height', '-of', 'csv=p=0', path];
  const { stdout } = await run(FFPROBE, what);
  const counters = await readFrameCounters(path);
  return { complaints: stderr, frameSizes: [...new Set(stdout.trim().split(/\s+/))], counters };
}

const framesOf = ({ fragments }: StoredCapture) => fragments.reduce((sum, { frames }) => sum + frames, 0);

function expectMeeting(captures: readonly StoredCapture[]): void {
  const takes = selectFootage(captures, ALL_TIME);
  for (const [index, { span }] of takes.slice(1).entries()) {
    expect(span.startMs).toBeCloseTo(takes[index]!.span.endMs, 1);
  }
}

/** The camera beeps with each 25th frame. */
async function expectInStep(path: string, presentationSec: readonly number[], counters: readonly number[]) {
  const what = ['-v', 'error', '-show_entries', 'format=start_time', '-of', 'csv=p=0', path];
  const startSec = Number((await run(FFPROBE, what)).stdout);
  const shownSec = presentationSec.map((at) => at - startSec);
  const marks = shownSec.filter((_at, index) => counters[index]! % 25 === 0);
  const beeps = (await findBeeps(path)).filter((at) => at > 0.3 && at < shownSec.at(-1)!);
  expect(beeps.length).toBeGreaterThanOrEqual(3);
  for (const beep of beeps) expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.05);
}

describe('A camera that changes its size within one session', () => {
  it.concurrent.each<[string, VirtualCameraOptions, string | undefined]>([
    ['H.264', turning('h264'), undefined],
    ['H.264 with sound', turning('h264', { audio: 'pcma' }), undefined],
    ['H.264 with FFmpeg of 2018', turning('h264', { audio: 'aac' }), SHIPPED_FFMPEG],
    ['H.265', turning('h265'), undefined],
    ['H.265 with FFmpeg of 2018', turning('h265', { audio: 'pcma' }), SHIPPED_FFMPEG],
  ])('is recorded into a capture for each: %s', async (_what, options, path) => {
    await Stage.with(
      options,
      async (stage) => {
        const captures = await recordTurns(stage, 3);
        expect(stage.rig.told).toMatchObject({ starts: 1, failures: [] });
        expect(stage.rig.told.interruptions.filter(({ cause }) => cause !== 'camera_starting')).toEqual([]);
        expectMeeting(captures);
        const counters: number[] = [];
        for (const capture of captures) {
          const { width, height } = capture.init.video;
          const played = await play(capture);
          expect(played).toMatchObject({ complaints: '', frameSizes: [`${width},${height}`] });
          expect(played.counters).toHaveLength(framesOf(capture));
          expect(capture.init.tracks).toHaveLength(options.audio ? 2 : 1);
          counters.push(...played.counters);
        }
        const sizes = sizesOf(captures);
        const [first, second] = sizes[0]!.width === LARGE.width ? [LARGE, SMALL] : [SMALL, LARGE];
        expect(sizes).toEqual(sizes.map((_size, index) => (index % 2 === 0 ? first : second)));
        expect(captures[2]!.configDigest).toBe(captures[0]!.configDigest);
        expect(counters).not.toContain(UNREADABLE);
        expect(findCounterHoles(counters, stage.camera.loopLength)).toEqual([]);
      },
      { tools: await findTools(path) },
    );
  });

  it.concurrent('reads back the same after a restart', () =>
    Stage.with(turning('h264'), async (stage) => {
      const captures = await recordTurns(stage, 2);
      const limits = { segmentMs: 10_000, fsyncMs: 0 };
      const read = await new FragmentLog(stage.rig.dir, limits, createLogger('silent')).readCaptures(CAM);
      const known = ({ captureId, epochMs, configDigest, fragments }: StoredCapture) => ({
        ...{ captureId, epochMs, configDigest, fragments },
      });
      expect(read.map(known)).toEqual(captures.map(known));
    }),
  );

  it.concurrent('becomes one file with every frame, all of them encoded at the larger size', () =>
    Stage.with(turning('h264', { audio: 'pcma' }), async (stage) => {
      const takes = selectFootage(await recordTurns(stage, 2), ALL_TIME);
      const path = join(stage.rig.dir, 'made.mp4');
      const { assembly, capture } = await new FfmpegAssembler(await findTools()).assemble(takes, path);
      expect(assembly).toBe('re_encoded');
      expect(capture.init.video).toMatchObject(LARGE);
      const { complaints, presentationSec } = await checkVideo(path);
      expect(complaints).toBe('');
      const counters = await readFrameCounters(path);
      expect(counters).toHaveLength(takes.map((take) => framesOf(take.capture)).reduce((a, b) => a + b));
      expect(counters).not.toContain(UNREADABLE);
      expect(findCounterHoles(counters, stage.camera.loopLength)).toEqual([]);
      const steps = presentationSec.slice(1).map((at, index) => at - presentationSec[index]!);
      // The first picture may have been timed by FFmpeg's guess.
      for (const step of steps.slice(1)) expect(step).toBeCloseTo(0.04, 2);
      await expectInStep(path, presentationSec, counters);
    }),
  );
});

describe('A camera whose description is older than its pictures', () => {
  it.concurrent.each<[string, 'h264' | 'h265', string | undefined]>([
    ['H.264', 'h264', undefined],
    ['H.265', 'h265', undefined],
    ['H.264 with FFmpeg of 2018', 'h264', SHIPPED_FFMPEG],
  ])('is recorded as it sends, in one capture: %s', async (_what, codec, path) => {
    const options = turning(codec, { oddities: { otherSize: null, parameterSets: 'stale' } });
    await Stage.with(
      options,
      async (stage) => {
        await stage.record(3);
        const captures = await stage.rig.log.readCaptures(CAM);
        expect(sizesOf(captures)).toEqual([LARGE]);
        expect(await readdir(join(stage.rig.dir, 'cameras', 'cam'))).toHaveLength(1);
        expect(await play(captures[0]!)).toMatchObject({ complaints: '', frameSizes: ['640,360'] });
      },
      { tools: await findTools(path) },
    );
  });
});

it('A camera that repeats its parameter sets is recorded in one capture', () =>
  Stage.with({ profile: 'h264-silent', gopSec: 1, video: { codec: 'h265', ...SMALL } }, async (stage) => {
    await stage.record(4);
    expect(await stage.rig.log.readCaptures(CAM)).toHaveLength(1);
  }));
