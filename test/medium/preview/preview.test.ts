import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { readFrameCounters } from '@hindsight/virtual-camera';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import { spriteKey, thumbnailKey } from '../../../src/modules/storage/domain/object-key.js';
import type { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { R2StoreAdapter } from '../../../src/modules/storage/r2-store.adapter.js';
import { type S3TestServer, startS3 } from '../../support/s3/s3-test-server.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { findTools, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { jobContext, PreviewLab } from '../../support/recorder/preview-lab.js';
import { type Footage, makeFootage } from '../../support/recorder/stored-playback.js';

const run = promisify(execFile);
const FPS = 25;
const OPEN_GOP = 'keyint=25:min-keyint=25:scenecut=0:open-gop=1:bframes=3:log-level=error';

/** One of them encodes H.265, which takes minutes on a machine that is busy. */
jest.setTimeout(300_000);

let lab: PreviewLab;
let s3: S3TestServer;
let r2: R2StoreAdapter;

beforeAll(async () => {
  lab = await PreviewLab.open();
  s3 = await startS3({ writeGapMs: 0 });
  r2 = new R2StoreAdapter(s3);
});

afterAll(async () => {
  r2.onModuleDestroy();
  await s3.stop();
  await lab.close();
});

afterEach(() => void jest.restoreAllMocks());

async function load(key: string, from: ObjectStore = lab.store): Promise<string> {
  const path = join(lab.dir, key.replaceAll('/', '-'));
  await writeFile(path, await buffer(await from.openRead(key)));
  return path;
}

async function sizeOf(path: string): Promise<{ width: number; height: number }> {
  const { stdout } = await run(FFPROBE, ['-v', 'error', '-show_streams', '-of', 'json', path]);
  const { streams } = JSON.parse(stdout) as { streams: { codec_name: string; width: number; height: number }[] };
  expect(streams).toHaveLength(1);
  expect(streams[0]).toMatchObject({ codec_name: 'mjpeg' });
  return { width: streams[0]!.width, height: streams[0]!.height };
}

/** The number of the picture that the thumbnail shows. */
async function thumbnailFrame(id: string, from?: ObjectStore): Promise<number | undefined> {
  return (await readFrameCounters(await load(thumbnailKey(id), from)))[0];
}

/** The number of the picture that each tile shows. */
async function tileFrames(id: string, { sprite }: PlaybackMedia, from?: ObjectStore): Promise<number[]> {
  const path = await load(spriteKey(id), from);
  const { columns, rows, tileWidth, tileHeight, atMs } = sprite!;
  expect(await sizeOf(path)).toEqual({ width: columns * tileWidth, height: rows * tileHeight });
  const { ffmpeg } = await findTools();
  const tiles = join(lab.dir, `${id}.nut`);
  const untile = ['-vf', `untile=${columns}x${rows}`, '-c:v', 'rawvideo', '-f', 'nut', tiles];
  await run(ffmpeg!.path, ['-v', 'error', '-y', '-i', path, ...untile]);
  return (await readFrameCounters(tiles)).slice(0, atMs.length);
}

/** Which pictures begin the segments. */
const keyFrames = ({ stream }: Footage) =>
  stream.runs.flatMap(({ segments }) =>
    segments.map(({ startAtMs }) => Math.round(((startAtMs - stream.runs[0]!.segments[0]!.startAtMs) * FPS) / 1_000)),
  );

/** Makes the slice of the key frame that a fragment begins with one that nobody can decode. */
function spoilSlice(bytes: Buffer, fragmentAt: number): void {
  let at = bytes.indexOf('mdat', fragmentAt) + 4;
  while ((bytes[at + 4]! & 0x1f) !== 5) at += 4 + bytes.readUInt32BE(at);
  bytes.fill(0xff, at + 5, at + 4 + bytes.readUInt32BE(at));
}

describe('previews of a stored playback', () => {
  const h264 = () => makeFootage({ gopSec: 1 });

  it.each([
    ['H.264', () => makeFootage({ gopSec: 2 }, { audio: true })],
    ['H.264 with B-frames', () => makeFootage({ gopSec: 2, bFrames: 2 }, { audio: true })],
    ['H.265', () => makeFootage({ gopSec: 2, codec: 'h265' })],
    [
      'H.265 with open groups of pictures',
      () =>
        makeFootage({ gopSec: 1 }, { encode: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', OPEN_GOP] }),
    ],
    ['MJPEG', () => makeFootage({ gopSec: 2, codec: 'mjpeg' })],
  ])('show the right pictures of %s', async (_name, make) => {
    const footage = await make();
    const { id, media } = await lab.put(footage, 11_300);
    await (await lab.start()).make(id, jobContext());

    const made = (await media())!;
    expect(made.thumbnailAt).toBeInstanceOf(Date);
    expect(await sizeOf(await load(thumbnailKey(id)))).toEqual({ width: 640, height: 360 });
    // Half a second after the trigger, which is in the middle of a group of pictures.
    expect(Math.abs((await thumbnailFrame(id))! - 11.8 * FPS)).toBeLessThanOrEqual(2);

    expect(made.sprite).toMatchObject({ tileWidth: 160, tileHeight: 90, columns: 10 });
    expect(Math.abs(made.sprite!.durationMs - 20_000)).toBeLessThan(100);
    expect(await tileFrames(id, made)).toEqual(keyFrames(footage));
    expect(made.sprite!.atMs.map((ms) => Math.round((ms * FPS) / 1_000))).toEqual(keyFrames(footage));
  });

  it('shrink a large picture and keep its shape, whatever the shape of its pixels', async () => {
    const encode = ['-vf', 'scale=1440:1080,setsar=4/3', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'];
    const { id, media } = await lab.put(await makeFootage({ gopSec: 1 }, { encode, seconds: 3 }));
    await (await lab.start()).make(id, jobContext());
    expect(await sizeOf(await load(thumbnailKey(id)))).toEqual({ width: 640, height: 360 });
    expect((await media())!.sprite).toMatchObject({ tileWidth: 160, tileHeight: 90, columns: 3, rows: 1 });
  });

  it('show at most a hundred tiles, evenly over the video', async () => {
    const footage = await makeFootage({ gopSec: 0.16 });
    expect(keyFrames(footage)).toHaveLength(125);
    const { id, media } = await lab.put(footage);
    await (await lab.start()).make(id, jobContext());
    const made = (await media())!;
    expect(made.sprite).toMatchObject({ columns: 10, rows: 10 });
    const frames = await tileFrames(id, made);
    expect(frames).toHaveLength(100);
    const steps = frames.slice(1).map((frame, index) => frame - frames[index]!);
    expect(new Set(steps)).toEqual(new Set([4, 8]));
    expect([frames[0], frames.at(-1)]).toEqual([0, 496]);
    expect(made.sprite!.atMs.map((ms) => Math.round((ms * FPS) / 1_000))).toEqual(frames);
  });

  it('make do with a single fragment', async () => {
    const { id, media } = await lab.put(await makeFootage({ gopSec: 1 }, { seconds: 0.4 }), 10_000);
    await (await lab.start()).make(id, jobContext());
    const made = (await media())!;
    expect(made.sprite).toMatchObject({ columns: 1, rows: 1, atMs: [0] });
    expect(await tileFrames(id, made)).toEqual([0]);
    expect(await thumbnailFrame(id)).toBeLessThan(10);
  });

  it.each([
    ['shortly before the first picture', -1_000, 0.5 * FPS],
    ['long before it', -60_000, 10 * FPS],
    ['long after it', 60_000, 10 * FPS],
    ['never', undefined, 10 * FPS],
  ])('find a telling moment when the trigger came %s', async (_name, triggerMs, frame) => {
    const { id } = await lab.put(await h264(), triggerMs);
    await (await lab.start()).make(id, jobContext());
    expect(Math.abs((await thumbnailFrame(id))! - frame)).toBeLessThanOrEqual(2);
  });

  it('follow a segment whose bytes lie in two places', async () => {
    const { bytes, stream } = await makeFootage({ gopSec: 4 });
    const [first, second, ...rest] = stream.runs[0]!.segments;
    const moof = (index: number, from: number) => bytes.indexOf('moof', from + index) - 4;
    const cut = moof(8, second!.offset + 8);
    const tail = { ...second!, id: 'tail', offset: bytes.length, sizeBytes: second!.offset + second!.sizeBytes - cut };
    const head = { ...second!, sizeBytes: cut - second!.offset, durationMs: 1_000 };
    const moved = { ...tail, startAtMs: second!.startAtMs + 1_000, durationMs: 3_000, continues: true as const };
    const segments = [first!, head, moved, ...rest];
    const object = Buffer.concat([bytes, bytes.subarray(cut, cut + tail.sizeBytes)]);
    // Whatever still reads them at their old place finds nothing.
    object.fill(0, cut, cut + tail.sizeBytes);
    const footage = { bytes: object, stream: { ...stream, runs: [{ init: 0, segments }] } };
    const { id, media } = await lab.put(footage, 6_300);
    await (await lab.start()).make(id, jobContext());
    expect(Math.abs((await thumbnailFrame(id))! - 6.8 * FPS)).toBeLessThanOrEqual(2);
    expect(await tileFrames(id, (await media())!)).toEqual([0, 100, 200, 300, 400]);
  });

  it('read little more than the key frames of a large video', async () => {
    const footage = await makeFootage({ gopSec: 4, bitrateKbps: 4_000 });
    const { id, media } = await lab.put(footage, 0);
    const ranges = jest.spyOn(lab.store, 'openRead');
    await (await lab.start()).make(id, jobContext());
    expect((await media())!.sprite).not.toBeNull();
    // The thumbnail's segment is left when its picture has come, but its range was asked for.
    const asked = ranges.mock.calls.slice(1).reduce((sum, [, range]) => sum + range!.end + 1 - range!.start, 0);
    expect(asked).toBeLessThan(footage.bytes.length / 5);
  });

  it.each([0, 3, 19])('keep to their places when a picture cannot be decoded: number %i', async (index) => {
    const footage = await h264();
    spoilSlice(footage.bytes, footage.stream.runs[0]!.segments[index]!.offset);
    const { id, media } = await lab.put(footage, 10_000);
    await (await lab.start()).make(id, jobContext());
    const frames = await tileFrames(id, (await media())!);
    expect(frames).toHaveLength(20);
    const wrong = keyFrames(footage).flatMap((frame, at) => (frames[at] === frame ? [] : [at]));
    expect(wrong).toEqual([index]);
  });

  it('come from an S3 server and go there', async () => {
    const footage = await h264();
    const { id, media } = await lab.put(footage, 3_000, r2);
    await (await lab.start(r2)).make(id, jobContext());
    expect(await tileFrames(id, (await media())!, r2)).toEqual(keyFrames(footage));
    expect(Math.abs((await thumbnailFrame(id, r2))! - 3.5 * FPS)).toBeLessThanOrEqual(2);
    expect(await r2.head(thumbnailKey(id))).toMatchObject({ contentType: 'image/jpeg' });
  });

  it('come out of the FFmpeg that is shipped', async () => {
    const footage = await makeFootage({ gopSec: 2, bFrames: 2 });
    const { id, media } = await lab.put(footage, 3_000);
    await (await lab.start(lab.store, await findTools(SHIPPED_FFMPEG))).make(id, jobContext());
    expect(await tileFrames(id, (await media())!)).toEqual(keyFrames(footage));
    expect(Math.abs((await thumbnailFrame(id))! - 3.5 * FPS)).toBeLessThanOrEqual(2);
  });
});
