import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { MediaProbe, type StoredObject } from '../../../src/modules/delivery/media-probe.process.js';
import { findMediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { readBoxHeader } from '../../../src/mp4/boxes.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import type { ByteRange } from '../../../src/modules/storage/domain/byte-range.js';
import { LocalStoreAdapter } from '../../../src/modules/storage/local-store.adapter.js';
import type { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { R2StoreAdapter } from '../../../src/modules/storage/r2-store.adapter.js';
import { type S3TestServer, startS3 } from '../../support/s3/s3-test-server.js';
import { findTools } from '../../support/recorder/capture-rig.js';

const run = promisify(execFile);
const SHIPPED_FFPROBE = (createRequire(import.meta.url)('@ffprobe-installer/ffprobe') as { path: string }).path;
const KEY = 'playbacks/one/video.mp4';
const SECONDS = 6;

/** Encoders, beside whatever else runs. */
jest.setTimeout(120_000);

const GOP = { usualFrames: 25, maxFrames: 50, count: 6 };

const ENCODERS = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0'],
  h264BFrames: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2'],
  h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
};
const FAST_START = ['-movflags', '+faststart'];

let dir: string;
let probe: MediaProbe;
let local: LocalStoreAdapter;
let r2: R2StoreAdapter;
let s3: S3TestServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hindsight-probe-'));
  s3 = await startS3({ writeGapMs: 0 });
  r2 = new R2StoreAdapter(s3);
  local = new LocalStoreAdapter(join(dir, 'objects'));
});

afterAll(async () => {
  r2.onModuleDestroy();
  await s3.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  probe = await probeWith();
});

async function probeWith(ffprobePath?: string): Promise<MediaProbe> {
  const config = loadConfig(ffprobePath ? { FFPROBE_PATH: ffprobePath } : {});
  return new MediaProbe(await findMediaTools(config, createLogger('silent')), new NodeIdentity('node', dir));
}

interface EncodeOptions {
  audio?: boolean;
  more?: readonly string[];
}

const made = new Map<string, Buffer>();

/** Fresh bytes at each call; encoded once. */
async function encode(args: readonly string[], options: EncodeOptions = {}): Promise<Buffer> {
  const name = JSON.stringify([args, options]);
  if (!made.has(name)) made.set(name, await encodeAnew(args, options));
  return Buffer.from(made.get(name)!);
}

async function encodeAnew(args: readonly string[], { audio = true, more = FAST_START }: EncodeOptions) {
  const path = join(dir, 'made.mp4');
  const { ffmpeg } = await findTools();
  const video = ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${SECONDS}`];
  const sound = audio ? ['-f', 'lavfi', '-i', `sine=sample_rate=16000:duration=${SECONDS}`, '-c:a', 'aac'] : [];
  await run(ffmpeg!.path, ['-v', 'error', '-y', ...video, ...sound, ...args, '-g', '25', ...more, path]);
  return readFile(path);
}

/** The tables and a little of the media, however the file is laid out. */
function rangesOf(file: Buffer, mediaBytes: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let at = 0; at < file.length;) {
    const { type, sizeBytes, headerBytes } = readBoxHeader(file, at)!;
    const wanted = type === 'mdat' ? Math.min(sizeBytes, headerBytes + mediaBytes) : sizeBytes;
    ranges.push({ start: at, end: at + wanted - 1 });
    at += sizeBytes;
  }
  return ranges;
}

async function storedIn(store: ObjectStore, file: Buffer, mediaBytes = 60_000): Promise<StoredObject> {
  await store.putBytes(KEY, file, { contentType: 'video/mp4' });
  return {
    sizeBytes: file.length,
    ranges: rangesOf(file, mediaBytes),
    read: (range) => store.openRead(KEY, range),
  };
}

const leftovers = () => readdir(join(dir, 'probes'));

describe('MediaProbe', () => {
  it.each([
    ['h264 with sound', 'h264', {}, 'h264'],
    ['h264 with B-frames', 'h264BFrames', {}, 'h264'],
    ['h265 without sound', 'h265', { audio: false }, 'hevc'],
    ['tables behind the media', 'h264', { more: [] }, 'h264'],
  ] as const)('says of a few ranges what it says of the whole: %s', async (_name, encoder, options, codec) => {
    const file = await encode(ENCODERS[encoder], options);
    const object = await storedIn(local, file);
    const found = await probe.probe(object, GOP);
    expect(found).toMatchObject({ codec, resolution: '640x360' });
    expect(Math.abs(found.durationMs - SECONDS * 1_000)).toBeLessThan(100);
    const whole = { ...object, ranges: [{ start: 0, end: file.length - 1 }] };
    expect(found).toEqual(await probe.probe(whole, GOP));
    expect(await leftovers()).toEqual([]);
  });

  it('tells all there is to know of the streams', async () => {
    const file = await encode(ENCODERS.h264);
    const { info } = await probe.probe(await storedIn(local, file), GOP);
    expect(info).toMatchObject({ container: 'mov,mp4,m4a,3gp,3g2,mj2', sizeBytes: file.length });
    expect(info.bitrateKbps).toBe(Math.round((file.length * 8) / info.durationMs));
    const [video, audio] = info.streams;
    expect(video).toMatchObject({ kind: 'video', codec: 'h264', width: 640, height: 360, fps: 25, frames: 150 });
    expect(video).toMatchObject({ pixelFormat: 'yuv420p', gop: { frames: 25, maxFrames: 50, keyFrames: 6 } });
    expect(audio).toMatchObject({ kind: 'audio', codec: 'aac', sampleRate: 16_000, channels: 1 });
    // From the sample tables: most of the samples were never read.
    const streamsKbps = video!.bitrateKbps! + audio!.bitrateKbps!;
    expect(Math.abs(streamsKbps - info.bitrateKbps)).toBeLessThan(info.bitrateKbps * 0.05);
  });

  it('reads back from an S3 server, by ranges', async () => {
    const file = await encode(ENCODERS.h264);
    const inFile = await probe.probe(await storedIn(local, file), GOP);
    expect(await probe.probe(await storedIn(r2, file), GOP)).toEqual(inFile);
  });

  it('works with the ffprobe that is shipped', async () => {
    const object = await storedIn(local, await encode(ENCODERS.h264BFrames));
    const shipped = await (await probeWith(SHIPPED_FFPROBE)).probe(object, GOP);
    expect(shipped).toEqual(await probe.probe(object, GOP));
  });

  it('makes a hole where nothing was read, however large the object is', async () => {
    const file = await encode(ENCODERS.h264, { more: FAST_START });
    const object = await storedIn(local, file);
    const sizeBytes = 5 * 1024 ** 3;
    let usedBytes = 0;
    const read = async (range: ByteRange) => {
      const path = join(dir, 'probes', (await leftovers())[0]!);
      const { size, blocks } = await stat(path);
      expect(size).toBe(sizeBytes);
      usedBytes = Math.max(usedBytes, blocks * 512);
      return object.read(range);
    };
    expect(await probe.probe({ ...object, sizeBytes, read }, GOP)).toMatchObject({ codec: 'h264' });
    expect(usedBytes).toBeLessThan(file.length);
  });

  it.each([
    ['no MP4 at all', async () => storedIn(local, Buffer.alloc(100_000, 'x'.repeat(7)), 0), 'RECORDING.PROBE_FAILED'],
    ['sound alone', async () => storedIn(local, await encode(['-vn'])), 'RECORDING.PROBE_FAILED'],
    [
      'a store that gives less than it was asked for',
      async () => ({
        ...(await storedIn(local, await encode(ENCODERS.h264))),
        read: async () => Readable.from([Buffer.alloc(10)]),
      }),
      'RECORDING.PROBE_FAILED',
    ],
    [
      'a store that is away',
      async () => ({
        ...(await storedIn(local, await encode(ENCODERS.h264))),
        read: () => Promise.reject(new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'away' })),
      }),
      'STORAGE.UNAVAILABLE',
    ],
  ] as const)('refuses %s', async (_name, make, code) => {
    const object = await make();
    await expect(probe.probe(object, GOP)).rejects.toMatchObject({ code });
    expect(await leftovers()).toEqual([]);
  });

  it('sweeps what a killed process has left', async () => {
    await mkdir(join(dir, 'probes'), { recursive: true });
    await writeFile(join(dir, 'probes', 'half.mp4'), 'x');
    await probe.onModuleInit();
    await expect(leftovers()).rejects.toThrow('ENOENT');
  });
});
