import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CameraProfileName, VirtualCamera } from '@hindsight/virtual-camera';
import {
  findCounterHoles,
  heardRanges,
  judgeFrames,
  readFrameCounters,
  startVirtualCamera,
} from '@hindsight/virtual-camera';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findFfmpeg } from '../../../packages/virtual-camera/src/ffmpeg.js';
import type { FrameRange } from '../../../packages/virtual-camera/src/sent-ranges.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { until } from './rtsp-client.js';

const RECORDING_SEC = 3;
const FPS = 25;
const PASSWORD = 'p@ss:w/rd#%&"?é';

const { path: oldFfmpeg } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
const binaries = [...new Set([findFfmpeg(), oldFfmpeg])];

let directory: string;
let camera: VirtualCamera | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virtual-camera-'));
});
afterEach(async () => {
  await camera?.stop();
  camera = undefined;
});
afterAll(() => rm(directory, { recursive: true }));

function record(binary: string, url: string, file: string, seconds: number) {
  const input = ['-nostdin', '-rtsp_transport', 'tcp', '-i', url, '-t', `${seconds}`];
  const child = spawn(binary, [...input, '-c', 'copy', '-y', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (stderr += text));
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

function probe(file: string) {
  const entries = ['-show_entries', 'stream=codec_name,width,height,has_b_frames,sample_rate'];
  const { stdout } = spawnSync(FFPROBE, ['-v', 'error', ...entries, '-of', 'json', file], { encoding: 'utf8' });
  return (JSON.parse(stdout) as { streams: Record<string, unknown>[] }).streams;
}

/**
 * What was sent whole must be there once, in order and in one piece; before each piece stands at most one picture for each frame that
 * was damaged there.
 */
function expectWholeOnce(counters: number[], sent: (FrameRange & { damaged: boolean })[], loopLength: number): void {
  let at = 0;
  let damagedBefore = 0;
  for (const { firstFrame, lastFrame, damaged } of sent) {
    const frames = lastFrame - firstFrame + 1;
    if (damaged) {
      damagedBefore += frames;
      continue;
    }
    const whole = Array.from({ length: frames }, (_, index) => (firstFrame + index) % loopLength);
    const isHere = (index: number) => whole.every((counter, offset) => counters[index + offset] === counter);
    const places = Array.from({ length: damagedBefore + 1 }, (_, index) => at + index);
    const start = places.find(isHere);
    expect([whole, start ?? counters.slice(at, at + damagedBefore + frames)]).toEqual([whole, expect.any(Number)]);
    [at, damagedBefore] = [start! + frames, 0];
  }
}

const PROFILES: [CameraProfileName, object[]][] = [
  [
    'h264-pcmu',
    [
      { codec_name: 'h264', has_b_frames: 0 },
      { codec_name: 'pcm_mulaw', sample_rate: '8000' },
    ],
  ],
  [
    'h264-aac',
    [
      { codec_name: 'h264', has_b_frames: 0 },
      { codec_name: 'aac', sample_rate: '32000' },
    ],
  ],
  ['h264-silent', [{ codec_name: 'h264' }]],
  ['h264-bframes', [{ codec_name: 'h264', has_b_frames: 2 }, { codec_name: 'aac' }]],
  ['h265', [{ codec_name: 'hevc' }, { codec_name: 'aac' }]],
  ['mjpeg', [{ codec_name: 'mjpeg' }, { codec_name: 'pcm_mulaw' }]],
];

describe('a copy by FFmpeg', () => {
  it.each(PROFILES)('of %s has every frame', async (profile, streams) => {
    camera = await startVirtualCamera({ profile, gopSec: 1, username: 'ad min', password: PASSWORD });
    const { rtspUrlWithCredentials, loopLength } = camera;
    const copies = binaries.map(async (binary, index) => {
      const file = join(directory, `${profile}-${index}.mov`);
      const { code, stderr } = await record(binary, rtspUrlWithCredentials, file, RECORDING_SEC);
      expect({ code, tail: code === 0 ? '' : stderr.slice(-500) }).toEqual({ code: 0, tail: '' });
      expect(probe(file)).toMatchObject([{ width: 640, height: 360, ...streams[0] }, ...streams.slice(1)]);
      const counters = await readFrameCounters(file);
      expect(findCounterHoles(counters, loopLength)).toEqual([]);
      expect(counters.length).toBeGreaterThanOrEqual(RECORDING_SEC * FPS);
      return counters;
    });
    const [counters = []] = await Promise.all(copies);
    await until('sessions closed', () => camera?.stats().sessionsOpen === 0);
    const { sessionsOpened, sessions } = camera.stats();
    expect(sessionsOpened).toBe(binaries.length);
    // The file begins with the first frame sent; FFmpeg may hide the first ones of a stream with B-frames.
    const sentFirst = sessions.map(({ firstFrame }) => (counters[0] ?? 0) - (firstFrame?.counter ?? 0));
    expect(Math.min(...sentFirst.map(Math.abs))).toBeLessThanOrEqual(profile === 'h264-bframes' ? 2 : 0);
  });

  it.each(binaries)('is refused with the wrong password (%s)', async (binary) => {
    camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: PASSWORD });
    const url = camera.rtspUrl.replace('://', '://admin:wrong@');
    const { code, stderr } = await record(binary, url, join(directory, 'refused.mov'), 1);
    expect(code).not.toBe(0);
    expect(stderr).toContain('401');
    expect(camera.stats()).toMatchObject({ sessionsOpened: 0, framesSent: 0 });
    expect(camera.stats().authFailures).toBeGreaterThan(0);
  });
});

describe('the counter', () => {
  it('goes on over the end of the clip', async () => {
    const file = join(directory, 'loop.mp4');
    // The camera is two seconds before the end when it starts. An FFmpeg that comes later than that sees nothing of it.
    do {
      await camera?.stop();
      camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1, startFrame: 500 - 2 * FPS });
      await record(findFfmpeg(), camera.rtspUrl, file, RECORDING_SEC + 1);
    } while ((camera.stats().sessions[0]?.firstFrame?.loop ?? 0) > 0);
    const counters = await readFrameCounters(file);
    expect(counters).toContain(camera.loopLength - 1);
    expect(counters).toContain(0);
    expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
  });

  it('shows exactly the frames that a stall has cost', async () => {
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1 });
    const file = join(directory, 'stall.mp4');
    const recorded = record(findFfmpeg(), camera.rtspUrl, file, 8);
    await until('two seconds of frames', () => (camera?.stats().framesSent ?? 0) > 2 * FPS);
    camera.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    camera.resume();
    await recorded;
    const sent = camera.sentFrames().map(({ counter }) => counter);
    const holes = findCounterHoles(await readFrameCounters(file), camera.loopLength);
    expect(holes).toHaveLength(1);
    expect(holes[0]?.missing).toBeGreaterThanOrEqual(FPS - 1);
    expect(holes).toEqual(findCounterHoles(sent, camera.loopLength));
  });

  it('lets nobody be charged with packets that a fault has lost', async () => {
    const faults = { packetLoss: 0.01, packetLossSeed: 1 };
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1, faults });
    const file = join(directory, 'loss.mp4');
    await record(findFfmpeg(), camera.rtspUrl, file, 2 * RECORDING_SEC);
    await until('session closed', () => camera?.stats().sessionsOpen === 0);
    expect(camera.stats().framesDamaged).toBeGreaterThan(0);
    const counters = await readFrameCounters(file);
    const { loopLength } = camera;
    const { sessions } = camera.stats();
    // FFmpeg ends by its own clock, while the camera goes on sending: later frames are not its loss.
    const lastFrame = (sessions[0]?.firstFrame?.frame ?? 0) + 2 * RECORDING_SEC * FPS - 1;
    const sent = heardRanges(camera.sent(), 'main').filter(({ firstFrame }) => firstFrame <= lastFrame);
    const clipped = sent.map((range) => ({ ...range, lastFrame: Math.min(range.lastFrame, lastFrame) }));
    // A decoder covers a damaged picture with an older one or with noise: such pictures are no frames of the camera, so no range names them.
    expectWholeOnce(counters, clipped, loopLength);
    const { lost, unreadable } = judgeFrames(counters, clipped, { loopLength });
    expect(lost).toEqual({ frames: 0, ranges: [] });
    expect(unreadable.ranges).toEqual([]);
    // The judge would have said so without knowing of the fault.
    const blind = clipped.map((range) => ({ ...range, damaged: false }));
    const charged = judgeFrames(counters, blind, { loopLength });
    expect(charged.lost.frames + charged.unreadable.frames).toBeGreaterThan(0);
  });

  it('carries the sub stream too', async () => {
    camera = await startVirtualCamera({ profile: 'mjpeg', gopSec: 1 });
    const file = join(directory, 'sub.mov');
    await record(findFfmpeg(), camera.streamUrl('sub'), file, RECORDING_SEC);
    expect(probe(file)[0]).toMatchObject({ codec_name: 'h264', width: 320, height: 180 });
    expect(findCounterHoles(await readFrameCounters(file), camera.loopLength)).toEqual([]);
  });
});
