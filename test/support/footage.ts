import { readFileSync } from 'node:fs';
import { FragmentSplitter } from '../../src/mp4/fragment-splitter.js';
import { type InitSegment, parseInitSegment } from '../../src/mp4/init-segment.js';

export interface Fixture {
  bytes: Buffer;
  init: InitSegment;
  fragments: { moof: Buffer; mdat: Buffer }[];
}

export type FixtureName =
  | 'h264-aac'
  | 'h264-bframes'
  /** With its parameter sets before each key frame: two seconds of 64x48, two of 98x66, two of 64x48; a key frame every second. */
  | 'h264-two-sizes'
  | 'h265-two-sizes'
  /** What FFmpeg says of the second of those, without fragments. */
  | 'h264-second-init'
  | 'h265-second-init';

/** A few seconds of 64x48 at 10 frames a second, key frame every 2 s, muxed with the flags of a capture. Fresh buffers at each call. */
export function readFixture(name: FixtureName): Fixture {
  const bytes = readFileSync(new URL(`fixtures/${name}.mp4`, import.meta.url));
  const parts = new FragmentSplitter().push(bytes);
  const [head] = parts;
  if (head?.kind !== 'init') throw new Error('the fixture does not begin with an init segment');
  const fragments = parts.flatMap((part) =>
    part.kind === 'fragment' ? [{ moof: Buffer.from(part.moof), mdat: Buffer.from(part.mdat) }] : [],
  );
  return { bytes, init: parseInitSegment(head.bytes), fragments };
}

export interface MadeSample {
  durationTicks: number;
  compositionTicks: number;
}

export interface MadeTrack {
  trackId: number;
  startTicks: number;
  samples: readonly MadeSample[];
}

/** A `moof` with one video track whose samples all have a duration, a size and a composition offset of their own. */
export function makeMoof(startTicks: number, samples: readonly MadeSample[], trackId = 1): Buffer {
  return makeMoofOf([{ trackId, startTicks, samples }]);
}

/** The same with several tracks. */
export function makeMoofOf(tracks: readonly MadeTrack[]): Buffer {
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value | 0);
    return bytes;
  };
  const box = (type: string, ...body: Buffer[]) => {
    const bytes = Buffer.concat(body);
    return Buffer.concat([word(8 + bytes.length), Buffer.from(type, 'latin1'), bytes]);
  };
  const trafs = tracks.map(({ trackId, startTicks, samples }) => {
    const start = Buffer.alloc(8);
    start.writeBigUInt64BE(BigInt(startTicks));
    const table = samples.map(({ durationTicks, compositionTicks }) =>
      Buffer.concat([word(durationTicks), word(1), word(compositionTicks)]),
    );
    const trun = box('trun', word(0x0100_0b01), word(samples.length), word(0), ...table);
    return box('traf', box('tfhd', word(0), word(trackId)), box('tfdt', word(0x0100_0000), start), trun);
  });
  return box('moof', box('mfhd', word(0), word(1)), ...trafs);
}

/** The same bytes with one bit changed, one bit after the other; the buffer is used again. */
export function* flippedBits(bytes: Buffer): Generator<Buffer> {
  const damaged = Buffer.from(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    yield damaged;
    damaged[bit >> 3]! ^= 1 << (bit & 7);
  }
}
