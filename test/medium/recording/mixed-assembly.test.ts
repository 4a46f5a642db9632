import { execFile } from 'node:child_process';
import { open, readdir, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { constants as os, getPriority } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CameraProfileName,
  findCounterHoles,
  readFrameCounters,
  startVirtualCamera,
  type StreamChange,
  UNREADABLE,
  type VirtualCamera,
} from '../../../tools/virtual-camera/index.js';
import type { AssemblyResult } from '../../../src/modules/recording/assembly/assembler.port.js';
import { selectFootage, type Take } from '../../../src/modules/recording/domain/footage.js';
import { FfmpegAssembler } from '../../../src/modules/recording/assembly/ffmpeg-assembler.process.js';
import { runningFfmpegs } from '../../../src/modules/recording/capture/ffmpeg-spawn.process.js';
import type { StoredCapture } from '../../../src/modules/recording/log/fragment-log.store.js';
import { MediaTools } from '../../../src/modules/recording/capture/media-tools.process.js';
import { type CaptureRig, findTools, makeCaptureRig, SHIPPED_FFMPEG } from './support/capture-rig.js';
import { eventually } from './support/eventually.js';
import { checkVideo, findBeeps, type VideoCheck } from './support/video-check.js';

const run = promisify(execFile);
const ALL_TIME = { startMs: 0, endMs: Infinity };
/** Real time for the camera, and encoders that give way to everything else. */
const TIMEOUT_MS = 180_000;

jest.setTimeout(TIMEOUT_MS);

describe('FfmpegAssembler, when the camera comes back from a reboot with another stream', () => {
  let camera: VirtualCamera | undefined;
  let rig: CaptureRig | undefined;
  afterEach(async () => {
    await rig?.remove();
    await camera?.stop();
    camera = rig = undefined;
  });

  /** Footage before and after a reboot. */
  async function recordChange(
    profile: CameraProfileName,
    change: StreamChange,
    before: StreamChange = {},
  ): Promise<Take<StoredCapture>[]> {
    camera = await startVirtualCamera({ profile, gopSec: 1, username: 'admin', password: 'correct horse' });
    await camera.changeStream(change); // encoded beforehand, which takes its time
    await camera.changeStream(before);
    rig = await makeCaptureRig(camera, { tools: await findTools() });
    const { capture, told, log } = rig;
    const further = async (count: number) => {
      const wanted = told.fragments.length + count;
      await eventually(() => expect(told.fragments.length).toBeGreaterThanOrEqual(wanted));
    };
    capture.demand('test');
    await further(3);
    await camera.reboot({ forSec: 1.5, change });
    await further(3);
    capture.release('test');
    await capture.idle();
    const takes = selectFootage(await log.readCaptures('cam'), ALL_TIME);
    expect(takes).toHaveLength(2);
    return takes;
  }

  interface Made extends VideoCheck {
    result: AssemblyResult;
    path: string;
    counters: number[];
  }

  async function assemble(takes: readonly Take<StoredCapture>[], ffmpegPath?: string): Promise<Made> {
    const path = join(rig!.dir, 'out.mp4');
    const result = await new FfmpegAssembler(await findTools(ffmpegPath)).assemble(takes, path);
    return { result, path, ...(await checkVideo(path)), counters: await readFrameCounters(path) };
  }

  /**
   * Every frame of all takes, at its own time.
   * @param sentAhead pictures that a B-frame encoder may have sent before one that never came: they are not shown behind a hole
   */
  function expectWhole(takes: readonly Take<StoredCapture>[], made: Made, sentAhead = 0): void {
    expect(made.complaints).toBe('');
    expect(made.result.takes).toEqual(takes);
    const [before, after] = takes.map(({ fragments }) => fragments.reduce((sum, { frames }) => sum + frames, 0));
    expect(made.counters).not.toContain(UNREADABLE);
    const notShown = before! + after! - made.counters.length;
    expect(notShown >= 0 && notShown <= sentAhead).toBe(true);
    expect(made.presentationSec).toHaveLength(made.counters.length);
    // The camera counts on while it is away: one hole, where the reboot was, as long as the gap in the file.
    const holes = findCounterHoles(made.counters, camera!.loopLength);
    expect(holes).toMatchObject([{ kind: 'missing', index: before! }]);
    const steps = made.presentationSec.slice(1).map((at, index) => at - made.presentationSec[index]!);
    // Our clock is that of arrival: on a busy machine a capture of three seconds is heard late.
    expect(Math.abs(steps[before! - 1]! - (holes[0]!.missing + 1) / 25)).toBeLessThan(0.5);
    const spanSec = (takes[1]!.span.startMs - takes[0]!.span.endMs) / 1_000;
    // A span goes by decode times, which are ahead of the pictures when there are B-frames.
    expect(Math.abs(steps[before! - 1]! - spanSec)).toBeLessThan(0.1 + sentAhead / 25);
    // The first picture of a capture may have been timed by FFmpeg's guess.
    const even = steps.filter((_step, index) => ![0, before! - 1, before!].includes(index));
    for (const step of even) expect(step).toBeCloseTo(0.04, 3);
    expect(Math.abs(made.durationSec - (takes[1]!.span.endMs - takes[0]!.span.startMs) / 1_000)).toBeLessThan(0.3);
  }

  /** The camera beeps with each 25th frame. */
  async function expectInStep({ path, presentationSec, counters }: Made): Promise<number[]> {
    const marks = presentationSec.filter((_at, index) => counters[index]! % 25 === 0);
    const beeps = (await findBeeps(path)).filter((at) => at > 0.3 && at < presentationSec.at(-1)!);
    for (const beep of beeps) expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.03);
    return beeps;
  }

  const pictures: [string, CameraProfileName, StreamChange, StreamChange][] = [
    ['a larger picture', 'h264-aac', { video: { width: 320, height: 180 } }, {}],
    ['a smaller picture and other sound', 'h264-pcmu', {}, { video: { width: 320, height: 180 }, audio: 'aac' }],
    ['H.265', 'h264-aac', {}, { video: { codec: 'h265' } }],
    ['MJPEG', 'h264-aac', {}, { video: { codec: 'mjpeg' }, audio: 'pcmu' }],
    ['H.264 instead of MJPEG', 'mjpeg', {}, { video: { codec: 'h264' } }],
    ['H.264 with B-frames, and no sound before or after', 'h264-silent', {}, { video: { bFrames: 2 } }],
  ];
  it.each(pictures)('encodes all of it into one file: %s', async (_name, profile, before, change) => {
    const takes = await recordChange(profile, change, before);
    const made = await assemble(takes);
    expect(made.result.assembly).toBe('re_encoded');
    expectWhole(takes, made, change.video?.bFrames ?? 0);
    if (profile === 'h264-silent') return;
    const beeps = await expectInStep(made);
    expect(beeps.length).toBeGreaterThanOrEqual(3);
  });

  const sounds: [string, CameraProfileName, StreamChange, { before: boolean; after: boolean }][] = [
    ['G.711 instead of AAC', 'h264-aac', { audio: 'pcmu' }, { before: true, after: true }],
    ['no sound any more', 'h264-aac', { audio: 'none' }, { before: true, after: false }],
    ['sound where there was none', 'h264-silent', { audio: 'aac' }, { before: false, after: true }],
  ];
  it.each(sounds)('leaves the pictures as they are and makes one sound: %s', async (_name, profile, change, sound) => {
    const takes = await recordChange(profile, change);
    const made = await assemble(takes);
    expect(made.result.assembly).toBe('audio_re_encoded');
    expectWhole(takes, made);
    const beeps = await expectInStep(made);
    const changedSec = (takes[0]!.span.endMs - takes[0]!.span.startMs) / 1_000;
    expect(beeps.filter((at) => at < changedSec).length >= 2).toBe(sound.before);
    expect(beeps.filter((at) => at > changedSec).length >= 2).toBe(sound.after);
    expect(beeps.filter((at) => at < changedSec).length > 0).toBe(sound.before);
    expect(beeps.filter((at) => at > changedSec).length > 0).toBe(sound.after);
  });

  it('does both with the FFmpeg from the registry', async () => {
    const takes = await recordChange('h264-pcmu', { video: { codec: 'mjpeg', width: 320, height: 184 } });
    const made = await assemble(takes, SHIPPED_FFMPEG);
    expect(made.result.assembly).toBe('re_encoded');
    expect(made.complaints).toBe('');
    expect(made.presentationSec).toHaveLength(
      takes.flatMap(({ fragments }) => fragments).reduce((n, f) => n + f.frames, 0),
    );
    await expectInStep(made);
  });

  it('goes back and forth between streams, keeps the shape of each picture and takes the size of the largest', async () => {
    const [wide, narrow] = await recordChange('h264-aac', { video: { width: 320, height: 240 } });
    const lengthMs = narrow!.span.endMs - wide!.span.startMs + 2_000;
    const again: Take<StoredCapture> = {
      ...wide!,
      capture: { ...wide!.capture, epochMs: wide!.capture.epochMs + lengthMs },
      span: { startMs: wide!.span.startMs + lengthMs, endMs: wide!.span.endMs + lengthMs },
    };
    const takes = [wide!, narrow!, again];
    const made = await assemble(takes);
    expect(made.complaints).toBe('');
    expect(made.result).toEqual({ takes, assembly: 're_encoded' });
    const probe = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=width,height', '-of', 'csv=p=0'];
    const { stdout } = await run((await findTools()).ffprobe!.path, [...probe, made.path]);
    expect(stdout.trim()).toBe('640,360');
    const counts = takes.map(({ fragments }) => fragments.reduce((sum, { frames }) => sum + frames, 0));
    expect(made.counters).toHaveLength(counts[0]! + counts[1]! + counts[2]!);
    expect(made.counters.slice(0, counts[0])).toEqual(made.counters.slice(counts[0]! + counts[1]!));
    expect(made.counters.slice(0, counts[0])).not.toContain(UNREADABLE);
    // Bars on the left and right: the picture in between has its counter.
    const inner = join(rig!.dir, 'inner.mp4');
    const crop = [
      '-v',
      'error',
      '-i',
      made.path,
      '-vf',
      'crop=480:360',
      '-vsync',
      'passthrough',
      '-c:v',
      'libx264',
      '-an',
      inner,
    ];
    await run((await findTools()).ffmpeg!.path, crop);
    expect((await readFrameCounters(inner)).slice(counts[0]! + 1, counts[0]! + counts[1]! - 1)).not.toContain(
      UNREADABLE,
    );
    const firsts = [0, counts[0]!, counts[0]! + counts[1]!].map((index) => made.presentationSec[index]!);
    for (const [index, { span }] of takes.entries()) {
      expect(Math.abs(firsts[index]! - firsts[0]! - (span.startMs - takes[0]!.span.startMs) / 1_000)).toBeLessThan(0.1);
    }
  });

  it('keeps the longest part alone where FFmpeg cannot encode', async () => {
    const takes = await recordChange('h264-aac', { video: { width: 320, height: 180 } });
    const tools = await findTools();
    const ffmpeg = { ...tools.ffmpeg!, capabilities: { ...tools.ffmpeg!.capabilities, h264Encoder: false } };
    const longest = takes.reduce((a, b) => (b.span.endMs - b.span.startMs > a.span.endMs - a.span.startMs ? b : a));
    const assembler = new FfmpegAssembler(new MediaTools(ffmpeg, tools.ffprobe, null));
    const result = await assembler.assemble(takes, join(rig!.dir, 'out.mp4'));
    expect(result).toEqual({ takes: [longest], assembly: 'copied' });
  });

  it('steps back behind captures, and leaves no process and no file when it is told to stop', async () => {
    const takes = await recordChange('h264-aac', { video: { width: 320, height: 180 } });
    // Footage that does not come: in the middle of the second part is a pipe that nobody writes to.
    const [first, ...others] = takes[1]!.fragments;
    const pipe = join(takes[1]!.capture.dir, 'stalled.m4s');
    await run('mkfifo', [pipe]);
    takes[1] = { ...takes[1]!, fragments: [first!, { ...others[0]!, segment: 'stalled.m4s' }, ...others.slice(1)] };
    const stop = new AbortController();
    const assembling = new FfmpegAssembler(await findTools()).assemble(takes, join(rig!.dir, 'out.mp4'), stop.signal);
    assembling.catch(() => undefined);
    try {
      await eventually(async () => expect((await stat(join(rig!.dir, 'out.mp4.part'))).isFile()).toBe(true));
      const pids = runningFfmpegs();
      expect(pids.length).toBeGreaterThanOrEqual(1);
      for (const pid of pids) expect(getPriority(pid)).toBe(os.priority.PRIORITY_LOW);
      stop.abort();
      await expect(assembling).rejects.toMatchObject({ code: 'RECORDING.ASSEMBLY_FAILED' });
      expect(runningFfmpegs()).toEqual([]);
      expect((await readdir(rig!.dir)).filter((name) => name.startsWith('out'))).toEqual([]);
    } finally {
      // Whoever waits for the pipe is let go.
      await (await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)).close();
    }
  });
});
