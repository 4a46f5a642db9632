import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawFrames } from '../../../packages/virtual-camera/src/clip/picture.js';
import {
  UNREADABLE,
  counterStripHeight,
  drawCounter,
  findCounterHoles,
  readCounter,
  readFrameCounters,
} from '../../../packages/virtual-camera/src/counter.js';
import { runFfmpeg } from '../../../packages/virtual-camera/src/ffmpeg.js';

/** A picture of 64 × 48 has a strip of 64 × 8, the size that the reader samples. */
const WIDTH = 64;
const HEIGHT = 48;

function stripWith(counter: number): Uint8Array {
  const luma = new Uint8Array(WIDTH * HEIGHT);
  drawCounter(luma, WIDTH, HEIGHT, counter);
  return luma.subarray(0, WIDTH * counterStripHeight(HEIGHT));
}

describe('the counter in the picture', () => {
  it('is read as it was drawn, for every value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), (counter) => readCounter(stripWith(counter)) === counter),
    );
  });

  it('is unreadable when any one block is wrong', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), fc.nat({ max: 31 }), (counter, block) => {
        const strip = stripWith(counter);
        const [row, column] = [block >> 4, block & 15];
        for (let y = row * 4; y < row * 4 + 4; y++) {
          for (let x = column * 4; x < column * 4 + 4; x++) strip[y * WIDTH + x] = 255 - (strip[y * WIDTH + x] ?? 0);
        }
        return readCounter(strip) === UNREADABLE;
      }),
    );
  });

  it.each([0, 128, 255])('is unreadable in a picture that is all %i', (value) => {
    expect(readCounter(new Uint8Array(512).fill(value))).toBe(UNREADABLE);
  });
});

describe('readFrameCounters', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'counter-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function encode(name: string, frames: Iterable<Buffer>, encoder: string[]): Promise<string> {
    const file = join(directory, name);
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '320x180', '-r', '25', '-i', 'pipe:0'];
    await runFfmpeg([...input, ...encoder, file], { input: frames });
    return file;
  }

  it.each([
    ['h264.mp4', ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '60k']],
    ['mpeg4.mov', ['-c:v', 'mpeg4', '-q:v', '31']],
  ])('reads every frame of 320 × 180 through strong compression (%s)', async (name, encoder) => {
    const file = await encode(name, drawFrames(320, 180, 25, 75), encoder);
    expect(await readFrameCounters(file)).toEqual(Array.from({ length: 75 }, (_, counter) => counter));
  });

  it('reports lost and unreadable frames where they are', async () => {
    function* damaged() {
      let index = 0;
      for (const frame of drawFrames(320, 180, 25, 20)) {
        if (index === 12) yield Buffer.alloc(frame.length, 100);
        else if (index < 5 || index > 7) yield frame;
        index++;
      }
    }
    const file = await encode('damaged.mp4', damaged(), ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '20']);
    const counters = await readFrameCounters(file);
    expect(counters).toEqual([0, 1, 2, 3, 4, 8, 9, 10, 11, UNREADABLE, 13, 14, 15, 16, 17, 18, 19]);
    expect(findCounterHoles(counters, 500)).toEqual([
      { kind: 'missing', index: 5, previous: 4, found: 8, missing: 3 },
      { kind: 'unreadable', index: 9, previous: 11, found: UNREADABLE, missing: 0 },
    ]);
  });

  describe('where FFMPEG_PATH is set', () => {
    const before = process.env['FFMPEG_PATH'];
    afterEach(() => {
      if (before === undefined) delete process.env['FFMPEG_PATH'];
      else process.env['FFMPEG_PATH'] = before;
    });

    it('reads with that FFmpeg, and the same as by itself', async () => {
      const file = await encode('short.mp4', drawFrames(320, 180, 25, 30), ['-c:v', 'libx264', '-bf', '2']);
      const counters = await readFrameCounters(file);
      expect(counters).toHaveLength(30);
      process.env['FFMPEG_PATH'] = 'ffmpeg';
      expect(await readFrameCounters(file)).toEqual(counters);
      process.env['FFMPEG_PATH'] = '/nowhere/ffmpeg';
      await expect(readFrameCounters(file)).rejects.toThrow('/nowhere/ffmpeg');
    });
  });

  it('rejects with what FFmpeg says about a file that is no video', async () => {
    await expect(readFrameCounters(join(directory, 'none.mp4'))).rejects.toThrow('No such file');
  });
});

describe('findCounterHoles', () => {
  const kinds = (counters: number[], loop = 100) =>
    findCounterHoles(counters, loop).map(({ kind, missing }) => [kind, missing]);

  it('finds nothing in a whole sequence, also over the end of the loop', () => {
    expect(kinds([97, 98, 99, 0, 1, 2])).toEqual([]);
    expect(kinds([])).toEqual([]);
  });

  it('counts the frames that are missing, also over the end of the loop', () => {
    expect(kinds([98, 2, 3])).toEqual([['missing', 3]]);
  });

  it('tells repeated and backward frames from missing ones', () => {
    expect(kinds([5, 5, 6])).toEqual([['repeated', 0]]);
    expect(kinds([5, 6, 4, 5])).toEqual([['backwards', 0]]);
  });

  it('counts an unreadable frame as one of the sequence', () => {
    expect(kinds([5, UNREADABLE, 7])).toEqual([['unreadable', 0]]);
    expect(kinds([5, UNREADABLE, 9])).toEqual([
      ['unreadable', 0],
      ['missing', 2],
    ]);
  });

  it('finds exactly what was taken out', () => {
    const removal = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(removal, ([from, count]) => {
        const all = Array.from({ length: 400 }, (_, index) => (index + 30) % 100);
        all.splice(from, count);
        return JSON.stringify(kinds(all)) === JSON.stringify([['missing', count]]);
      }),
    );
  });
});
