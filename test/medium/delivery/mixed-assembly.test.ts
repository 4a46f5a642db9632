import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readdir, stat, truncate } from 'node:fs/promises';
import { constants as os, getPriority } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type CameraProfileName,
  findCounterHoles,
  readFrameCounters,
  startVirtualCamera,
  type StreamChange,
  UNREADABLE,
  type VirtualCamera,
} from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readAssembled } from '../../../src/modules/delivery/assembled-capture.store.js';
import type { AssembledFootage } from '../../../src/modules/delivery/assembler.port.js';
import { planAssembly } from '../../../src/modules/delivery/domain/assembly-plan.js';
import { selectFootage, type StoredFragment, type Take } from '../../../src/modules/footage/domain/footage.js';
import { Mp4Error } from '../../../src/mp4/boxes.js';
import { FfmpegAssembler } from '../../../src/modules/delivery/ffmpeg-assembler.process.js';
import { runningFfmpegs } from '../../../src/ffmpeg/ffmpeg-spawn.process.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { MediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { CAM, type CaptureRig, findTools, makeCaptureRig, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { checkVideo, findBeeps, type VideoCheck } from '../../support/recorder/video-check.js';

const run = promisify(execFile);
const ALL_TIME = { startMs: 0, endMs: Infinity };
/** Real time for the cameras, and encoders that give way to everything else. */
jest.setTimeout(180_000);

interface Filmed {
  camera: VirtualCamera;
  rig: CaptureRig;
  /** One of each stream, in the order of time. */
  takes: Take<StoredCapture>[];
}

/** Not larger than it takes to read the counter in them: all of it is encoded and decoded again and again. */
const LARGE = { width: 320, height: 184 };
const SMALL = { width: 240, height: 138 };
/** Of another shape. */
const NARROW = { width: 160, height: 120 };

const cleanUps: (() => Promise<void>)[] = [];

/** Footage of a camera that comes back with another stream after each reboot. */
async function film(profile: CameraProfileName, changes: StreamChange[]): Promise<Filmed> {
  const camera = await startVirtualCamera({ profile, video: LARGE, gopSec: 1 });
  cleanUps.push(() => camera.stop());
  for (const change of [...changes, {}]) await camera.changeStream(change); // encoded beforehand, which takes its time
  const rig = await makeCaptureRig(camera, { tools: await findTools() });
  cleanUps.push(() => rig.remove());
  const { capture, told, log } = rig;
  const further = async (count: number) => {
    const wanted = told.fragments.length + count;
    await eventually(() => expect(told.fragments.length).toBeGreaterThanOrEqual(wanted));
  };
  capture.demand('test');
  await further(3);
  for (const change of changes) {
    await camera.reboot({ forSec: 1.5, change });
    await further(3);
  }
  capture.release('test');
  await capture.idle();
  const takes = selectFootage(await log.readCaptures(CAM), ALL_TIME);
  expect(takes).toHaveLength(changes.length + 1);
  return { camera, rig, takes };
}

/** Players wait for no more than this, and seek to every key frame. A fragment's last frame begins within its second. */
/** Spans go by decode times, which two B-frames put 80 ms ahead of the pictures. */
const SPAN_ERROR_MS = 230;
const MAX_FRAGMENT_MS = 1_000 + 80;
const MAX_KEY_FRAME_MS = 2_000;

/** Two cameras, so that half of the time will do; neighbours are what the tests make one file of. */
const REELS = {
  sizes: {
    profile: 'h264-silent',
    changes: [{ audio: 'aac' }, { video: SMALL, audio: 'pcmu' }, { audio: 'pcmu' }, { video: NARROW, audio: 'pcmu' }],
  },
  codecs: {
    profile: 'h264-aac',
    changes: [
      { video: { codec: 'h265' } },
      { video: { codec: 'h265' }, audio: 'pcmu' },
      { video: { codec: 'mjpeg' }, audio: 'pcmu' },
      {},
      { audio: 'none' },
      { video: { bFrames: 2 }, audio: 'none' },
    ],
  },
} as const satisfies Record<string, { profile: CameraProfileName; changes: StreamChange[] }>;
type ReelName = keyof typeof REELS;

describe('FfmpegAssembler, when the camera comes back from a reboot with another stream', () => {
  let reels: Record<ReelName, Filmed>;
  beforeAll(async () => {
    const [sizes, codecs] = await Promise.all(
      Object.values(REELS).map((reel) => film(reel.profile, [...reel.changes])),
    );
    reels = { sizes: sizes!, codecs: codecs! };
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  /** Footage before and after a reboot. */
  function cut(reel: ReelName, at: number): Filmed {
    const { takes, ...filmed } = reels[reel];
    return { ...filmed, takes: takes.slice(at, at + 2) };
  }

  interface Made extends VideoCheck {
    footage: AssembledFootage;
    path: string;
    counters: number[];
    /** Where the file begins: in front of the first picture there may be the silence that an AAC encoder begins with. */
    startSec: number;
  }

  let files = 0;
  async function assemble({ rig, takes }: Pick<Filmed, 'rig' | 'takes'>, ffmpegPath?: string): Promise<Made> {
    const path = join(rig.dir, `made-${(files += 1)}.mp4`);
    const footage = await new FfmpegAssembler(await findTools(ffmpegPath)).assemble(takes, path);
    const startSec = Number(await probe(path, 'format=start_time'));
    return { footage, path, startSec, ...(await checkVideo(path)), counters: await readFrameCounters(path) };
  }

  async function probe(path: string, entries: string): Promise<string> {
    const what = ['-v', 'error', '-select_streams', 'v', '-show_entries', entries, '-of', 'csv=p=0'];
    return (await run(FFPROBE, [...what, path])).stdout.trim();
  }

  const framesOf = ({ fragments }: Pick<Take, 'fragments'>) => fragments.reduce((sum, { frames }) => sum + frames, 0);

  /**
   * Every frame of both takes, at its own time.
   * @param sentAhead pictures that a B-frame encoder may have sent before one that never came: they are not shown behind a hole
   */
  function expectWhole({ takes, camera }: Filmed, made: Made, sentAhead = 0): void {
    expect(made.complaints).toBe('');
    expect(made.footage.takes).toEqual(takes);
    const [before, after] = takes.map(framesOf);
    expect(made.counters).not.toContain(UNREADABLE);
    const notShown = before! + after! - made.counters.length;
    expect(notShown >= 0 && notShown <= sentAhead).toBe(true);
    expect(made.presentationSec).toHaveLength(made.counters.length);
    // The camera counts on while it is away: one hole, where the reboot was, as long as the gap in the file.
    const holes = findCounterHoles(made.counters, camera.loopLength);
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
    const durationSec = made.presentationSec.at(-1)! - made.presentationSec[0]! + 0.04;
    expect(Math.abs(durationSec - (takes[1]!.span.endMs - takes[0]!.span.startMs) / 1_000)).toBeLessThan(0.3);
    expectCapture(takes, made);
  }

  /** In a gap the last picture stands. */
  function expectUnbroken(fragments: readonly StoredFragment[]): void {
    for (const [index, { startMs, durationMs, offset, longStills = [] }] of fragments.entries()) {
      const previous = fragments[index - 1];
      if (previous) expect(startMs).toBeCloseTo(previous.startMs + previous.durationMs, 1);
      if (previous) expect(offset).toBe(previous.offset + previous.sizeBytes);
      const stoodMs = longStills.reduce((sum, still) => sum + still.durationMs, 0);
      expect(durationMs - stoodMs).toBeLessThanOrEqual(MAX_FRAGMENT_MS);
    }
  }

  /** It is cut and dated as a capture is. */
  function expectCapture([first, second]: Take<StoredCapture>[], { footage, counters }: Made): void {
    const { fragments, epochMs } = footage.capture;
    expect(framesOf({ fragments })).toBe(counters.length);
    const gapMs = second!.span.startMs - first!.span.endMs;
    expectUnbroken(fragments);
    const stills = fragments.flatMap(({ longStills = [] }) => longStills);
    expect(stills).toHaveLength(1);
    expect(Math.abs(stills[0]!.durationMs - gapMs)).toBeLessThan(SPAN_ERROR_MS);
    const keysMs = fragments.filter(({ isSync }) => isSync).map(({ startMs }) => startMs);
    expect(keysMs[0]).toBe(fragments[0]!.startMs);
    const afterMs = stills[0]!.startMs + stills[0]!.durationMs;
    expect(keysMs).toContainEqual(expect.closeTo(afterMs, 1));
    for (const [index, at] of keysMs.slice(1).entries()) {
      expect(at - keysMs[index]!).toBeLessThanOrEqual(MAX_KEY_FRAME_MS + (at > afterMs - 1 ? gapMs : 0) + 150);
    }
    expect(epochMs + fragments[0]!.startMs).toBeCloseTo(first!.span.startMs, 0);
    expect(Math.abs(epochMs + afterMs - second!.span.startMs)).toBeLessThan(SPAN_ERROR_MS);
  }

  /** The camera beeps with each 25th frame. */
  async function expectInStep({ path, startSec, presentationSec, counters }: Made): Promise<number[]> {
    const shownSec = presentationSec.map((at) => at - startSec);
    const marks = shownSec.filter((_at, index) => counters[index]! % 25 === 0);
    const beeps = (await findBeeps(path)).filter((at) => at > 0.3 && at < shownSec.at(-1)!);
    for (const beep of beeps) expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.03);
    return beeps;
  }

  const pictures: [string, ReelName, number][] = [
    ['a smaller picture and other sound', 'sizes', 1],
    ['a larger picture', 'sizes', 2],
    ['H.265', 'codecs', 0],
    ['MJPEG', 'codecs', 2],
    ['H.264 instead of MJPEG', 'codecs', 3],
    ['H.264 with B-frames, and no sound before or after', 'codecs', 5],
  ];
  it.each(pictures)('encodes all of it alike: %s', async (_name, reel, at) => {
    const scene = cut(reel, at);
    const made = await assemble(scene);
    expect(made.footage.assembly).toBe('re_encoded');
    const [sound, bFrames] = [at !== 5, at === 5 ? 2 : 0];
    expectWhole(scene, made, bFrames);
    expect(made.footage.capture.init.tracks.map(({ sampleEntry }) => sampleEntry)).toEqual(
      sound ? ['avc1', 'mp4a'] : ['avc1'],
    );
    if (!sound) return;
    const beeps = await expectInStep(made);
    expect(beeps.length).toBeGreaterThanOrEqual(3);
  });

  const sounds: [string, ReelName, number, { before: boolean; after: boolean; picture: string }][] = [
    ['G.711 instead of AAC', 'codecs', 1, { before: true, after: true, picture: 'hvc1' }],
    ['no sound any more', 'codecs', 4, { before: true, after: false, picture: 'avc1' }],
    ['sound where there was none', 'sizes', 0, { before: false, after: true, picture: 'avc1' }],
  ];
  it.each(sounds)('leaves the pictures as they are and makes one sound: %s', async (_name, reel, at, sound) => {
    const scene = cut(reel, at);
    const made = await assemble(scene);
    expect(made.footage.assembly).toBe('audio_re_encoded');
    expectWhole(scene, made);
    const [{ capture }] = scene.takes as [Take<StoredCapture>];
    expect(made.footage.capture.init.video).toMatchObject({
      sampleEntry: sound.picture,
      decoderConfig: capture.init.video.decoderConfig,
    });
    const beeps = await expectInStep(made);
    const changedSec = (scene.takes[0]!.span.endMs - scene.takes[0]!.span.startMs) / 1_000;
    expect(beeps.filter((beep) => beep < changedSec).length >= 2).toBe(sound.before);
    expect(beeps.filter((beep) => beep > changedSec).length >= 2).toBe(sound.after);
    expect(beeps.filter((beep) => beep < changedSec).length > 0).toBe(sound.before);
    expect(beeps.filter((beep) => beep > changedSec).length > 0).toBe(sound.after);
  });

  it('does both with the FFmpeg from the registry', async () => {
    const scene = cut('codecs', 2);
    const made = await assemble(scene, SHIPPED_FFMPEG);
    expect(made.footage.assembly).toBe('re_encoded');
    expect(made.complaints).toBe('');
    expect(made.presentationSec).toHaveLength(scene.takes.map(framesOf).reduce((a, b) => a + b));
    expectCapture(scene.takes, made);
    await expectInStep(made);
  });

  it('goes back and forth between streams, keeps the shape of each picture and takes the size of the largest', async () => {
    const { rig, takes: filmed } = cut('sizes', 3);
    const [wide, narrow] = filmed;
    const lengthMs = narrow!.span.endMs - wide!.span.startMs + 20_000;
    const again: Take<StoredCapture> = {
      ...wide!,
      capture: { ...wide!.capture, epochMs: wide!.capture.epochMs + lengthMs },
      span: { startMs: wide!.span.startMs + lengthMs, endMs: wide!.span.endMs + lengthMs },
    };
    const takes = [wide!, narrow!, again];
    const made = await assemble({ rig, takes });
    expect(made.complaints).toBe('');
    expect(made.footage).toMatchObject({ takes, assembly: 're_encoded' });
    expectUnbroken(made.footage.capture.fragments);
    expect(await probe(made.path, 'stream=width,height')).toBe('320,184');
    const counts = takes.map(framesOf);
    expect(made.counters).toHaveLength(counts[0]! + counts[1]! + counts[2]!);
    expect(made.counters.slice(0, counts[0])).toEqual(made.counters.slice(counts[0]! + counts[1]!));
    expect(made.counters.slice(0, counts[0])).not.toContain(UNREADABLE);
    // Bars on the left and right: the picture in between has its counter.
    const inner = join(rig.dir, 'inner.mp4');
    const crop = ['-vf', 'crop=244:184', '-vsync', 'passthrough', '-c:v', 'libx264', '-preset', 'ultrafast', '-an'];
    await run((await findTools()).ffmpeg!.path, ['-v', 'error', '-i', made.path, ...crop, inner]);
    expect((await readFrameCounters(inner)).slice(counts[0]! + 1, counts[0]! + counts[1]! - 1)).not.toContain(
      UNREADABLE,
    );
    const firsts = [0, counts[0]!, counts[0]! + counts[1]!].map((index) => made.presentationSec[index]!);
    for (const [index, { span }] of takes.entries()) {
      expect(Math.abs(firsts[index]! - firsts[0]! - (span.startMs - takes[0]!.span.startMs) / 1_000)).toBeLessThan(0.1);
    }
  });

  it('keeps the longest part alone where FFmpeg cannot encode', async () => {
    const { takes } = cut('sizes', 1);
    const tools = await findTools();
    const ffmpeg = { ...tools.ffmpeg!, capabilities: { ...tools.ffmpeg!.capabilities, h264Encoder: false } };
    const longest = takes.reduce((a, b) => (b.span.endMs - b.span.startMs > a.span.endMs - a.span.startMs ? b : a));
    const { canEncode } = new FfmpegAssembler(new MediaTools(ffmpeg, tools.ffprobe, null));
    expect(planAssembly(takes, canEncode)).toEqual({ takes: [longest], assembly: 'copied' });
    // One that is not there may still come: nothing is given up for it.
    const withoutFfmpeg = new FfmpegAssembler(new MediaTools(null, null, 'FFmpeg was not found'));
    expect(planAssembly(takes, withoutFfmpeg.canEncode)).toEqual({ takes, assembly: 're_encoded' });
  });

  it('reads what an earlier attempt has made, and nothing that is not whole', async () => {
    const { path, footage } = await assemble(cut('sizes', 0));
    expect(await readAssembled(path)).toEqual(footage.capture);
    const { size } = await stat(path);
    for (const cutBytes of [1, 2, 1_000_000]) {
      await truncate(path, Math.max(size - cutBytes, size >> 1));
      await expect(readAssembled(path)).rejects.toThrow(Mp4Error);
    }
  });

  it('steps back behind captures, and leaves no process and no file when it is told to stop', async () => {
    const { rig, takes } = cut('sizes', 1);
    // Footage that does not come: in the middle of the second part is a pipe that nobody writes to.
    const [first, ...others] = takes[1]!.fragments;
    const pipe = join(takes[1]!.capture.dir, 'stalled.m4s');
    await run('mkfifo', [pipe]);
    takes[1] = { ...takes[1]!, fragments: [first!, { ...others[0]!, segment: 'stalled.m4s' }, ...others.slice(1)] };
    const stop = new AbortController();
    const assembling = new FfmpegAssembler(await findTools()).assemble(takes, join(rig.dir, 'out.mp4'), stop.signal);
    assembling.catch(() => undefined);
    try {
      await eventually(async () => expect((await stat(join(rig.dir, 'out.mp4.part'))).isFile()).toBe(true));
      const pids = runningFfmpegs();
      expect(pids.length).toBeGreaterThanOrEqual(1);
      for (const pid of pids) expect(getPriority(pid)).toBe(os.priority.PRIORITY_LOW);
      stop.abort();
      await expect(assembling).rejects.toMatchObject({ code: 'RECORDING.ASSEMBLY_FAILED' });
      expect(runningFfmpegs()).toEqual([]);
      expect((await readdir(rig.dir)).filter((name) => name.startsWith('out'))).toEqual([]);
    } finally {
      // Whoever waits for the pipe is let go.
      await (await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)).close();
    }
  });

  it('leaves nothing behind when it fails, or is told to stop before it began', async () => {
    const { rig, takes } = cut('sizes', 0);
    const assembler = new FfmpegAssembler(await findTools());
    const out = join(rig.dir, 'out.mp4');
    const failed = { code: 'RECORDING.ASSEMBLY_FAILED' };
    await expect(assembler.assemble(takes, out, AbortSignal.abort())).rejects.toMatchObject(failed);
    const [first, ...others] = takes[1]!.fragments;
    const torn = { ...takes[1]!, fragments: [first!, { ...others[0]!, segment: 'gone.m4s' }, ...others.slice(1)] };
    await expect(assembler.assemble([takes[0]!, torn], out)).rejects.toMatchObject(failed);
    expect((await readdir(rig.dir)).filter((name) => name.startsWith('out'))).toEqual([]);
  });
});
