import { describe, expect, it } from '@jest/globals';
import { readAudioConfig } from '../../../src/mp4/audio-config.js';
import type { InitSegment, Track } from '../../../src/mp4/init-segment.js';
import { type Silence, SilenceFiller } from '../../../src/mp4/silence.js';
import { readTrackFragments, type TrackFragment } from '../../../src/mp4/track-fragment.js';
import { buildSilentFragment } from './silent-fragment.js';

const AAC_8K_MONO = Buffer.from('1588', 'hex');
const HE_AAC = Buffer.from('2b11', 'hex');
const init = initWith(AAC_8K_MONO);

function initWith(decoderConfig: Buffer): InitSegment {
  const common = { sampleEntry: 'mp4a', width: 0, height: 0, configDigest: '', defaultSampleFlags: 0 };
  const sound: Track = {
    ...{ trackId: 2, kind: 'audio', timescale: 8_000, decoderConfig, ...common },
    ...{ defaultSampleDuration: 0, defaultSampleSize: 0 },
  };
  const video: Track = { ...sound, trackId: 1, kind: 'video', timescale: 90_000 };
  return { bytes: Buffer.alloc(0), tracks: [video, sound], video, configDigest: '' };
}

/** A fragment with sound alone. */
function soundAt(startTicks: number, durations: readonly number[], of = init): TrackFragment[] {
  const words = (...values: number[]) => Buffer.concat(values.map((value) => uint32(value)));
  const start = Buffer.alloc(8);
  start.writeBigUInt64BE(BigInt(startTicks));
  const trun = box('trun', words(0x100, durations.length, ...durations));
  const traf = box('traf', box('tfhd', words(0, 2)), box('tfdt', words(0x100_0000), start), trun);
  return readTrackFragments(box('moof', traf), of);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function box(type: string, ...body: Buffer[]): Buffer {
  const content = Buffer.concat(body);
  return Buffer.concat([uint32(content.length + 8), Buffer.from(type), content]);
}

/** Start, end and number of the frames in each piece of silence, made into a fragment. */
function readAll(pieces: readonly Silence[]): [number, number, number][] {
  return pieces.map((silence) => {
    const fragment = buildSilentFragment(silence, { trackId: 2, frame: new SilenceFiller(init).frame! });
    const moof = fragment.subarray(0, fragment.readUInt32BE(0));
    const { startTicks, samples } = readTrackFragments(moof, init)[0]!;
    const mdat = fragment.subarray(moof.length);
    expect(mdat.readUInt32BE(0)).toBe(mdat.length);
    expect(mdat.length - 8).toBe(samples.length * 6);
    return [
      startTicks,
      startTicks + samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0),
      samples.length,
    ];
  });
}

describe('SilenceFiller', () => {
  it('adds nothing to sound that goes on', () => {
    const filler = new SilenceFiller(init);
    expect(filler.before(soundAt(0, [1_024, 1_024]))).toEqual([]);
    expect(filler.before(soundAt(2_048, [1_030, 1_018]))).toEqual([]);
    expect(filler.before(soundAt(4_200, [1_024]))).toEqual([]); // less than half a frame
  });

  it('fills a pause from its first to its last tick with the frames that fit', () => {
    const filler = new SilenceFiller(init);
    filler.before(soundAt(0, [1_024, 1_024]));
    expect(readAll(filler.before(soundAt(12_500, [1_024])))).toEqual([[2_048, 12_500, 10]]);
  });

  it('fills a pause that the last frame before it stretches over', () => {
    const filler = new SilenceFiller(init);
    filler.before(soundAt(0, [1_024, 11_476]));
    expect(readAll(filler.before(soundAt(12_500, [1_024])))).toEqual([[2_048, 12_500, 10]]);
  });

  it('lets no error grow over many pauses', () => {
    const filler = new SilenceFiller(init);
    let [at, frames] = [0, 0];
    for (let pause = 0; pause < 100; pause += 1) {
      frames += readAll(filler.before(soundAt(at, [1_024]))).reduce((sum, [, , count]) => sum + count, 0) + 1;
      at += 1_024 + 1_500; // one and a half frames
    }
    expect(Math.abs(frames * 1_024 - (at - 1_500))).toBeLessThanOrEqual(1_024);
  });

  it('cuts a long pause into pieces', () => {
    const filler = new SilenceFiller(init);
    filler.before(soundAt(0, [1_024]));
    const filled = readAll(filler.before(soundAt(1_024 * 7_001, [1_024])));
    expect(filled.map(([, , count]) => count)).toEqual([3_000, 3_000, 1_000]);
    expect(filled.map(([start]) => start).slice(1)).toEqual(filled.map(([, end]) => end).slice(0, -1));
  });

  it('leaves sound alone of which it knows no silence', () => {
    const other = initWith(HE_AAC);
    const filler = new SilenceFiller(other);
    filler.before(soundAt(0, [1_024], other));
    expect(filler.before(soundAt(90_000, [1_024], other))).toEqual([]);
  });
});

describe('readAudioConfig', () => {
  it('reads what FFmpeg and cameras write', () => {
    expect(readAudioConfig(AAC_8K_MONO)).toEqual({
      objectType: 2,
      channels: 1,
      sampleRate: 8_000,
      frameSamples: 1_024,
    });
    expect(readAudioConfig(HE_AAC)?.objectType).toBe(5);
    expect(readAudioConfig(Buffer.alloc(0))).toBeNull();
  });
});
