import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Mp4Error } from '../../../src/mp4/boxes.js';
import { numberFragment, readFragmentExtent, readFragmentTiming, shiftFragment } from '../../../src/mp4/fragment.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { readFixture } from '../../support/footage.js';

describe('readFragmentTiming', () => {
  it('tells where each fragment stands, how long it is and whether it begins with a key frame', () => {
    const { init, fragments } = readFixture('h264-aac');
    expect(fragments.map(({ moof }) => readFragmentTiming(moof, init))).toEqual([
      { startMs: 10_000, durationMs: 900, frames: 9, isSync: true },
      { startMs: 10_900, durationMs: 1_000, frames: 10, isSync: false },
      { startMs: 11_900, durationMs: 100, frames: 1, isSync: false },
      { startMs: 12_000, durationMs: 1_000, frames: 10, isSync: true },
      { startMs: 13_000, durationMs: 1_000, frames: 10, isSync: false },
    ]);
  });

  it('has no timing for a fragment without video', () => {
    const { init, fragments } = readFixture('h264-aac');
    const audioOnly = { ...init, video: { ...init.video, trackId: 99 } };
    expect(readFragmentTiming(fragments[0]!.moof, audioOnly)).toBeNull();
  });

  it('refuses a table that is cut off, at any place', () => {
    const { init, fragments } = readFixture('h264-aac');
    const { moof } = fragments[0]!;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: moof.length - 1 }), (length) => {
        expect(() => readFragmentTiming(moof.subarray(0, length), init)).toThrow(Mp4Error);
      }),
    );
  });
});

describe('shiftFragment', () => {
  const startsOf = (moof: Buffer, init = readFixture('h264-aac').init) =>
    readTrackFragments(moof, init).map(({ startTicks }) => startTicks);

  it('moves every track by the same time and back again', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9_000, max: 100_000_000 }), (shiftMs) => {
        const { init, fragments } = readFixture('h264-aac');
        const { moof } = fragments[1]!;
        const before = startsOf(moof);
        shiftFragment(moof, init, shiftMs);
        const moved = startsOf(moof).map((ticks, index) => ticks - before[index]!);
        expect(moved).toEqual(init.tracks.map(({ timescale }) => Math.round((shiftMs * timescale) / 1_000)));
        shiftFragment(moof, init, -shiftMs);
        expect(startsOf(moof)).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses to hold one track back at zero, which would put it out of step', () => {
    const { init, fragments } = readFixture('h264-aac');
    const { startMs } = readFragmentExtent(fragments[0]!.moof, init);
    expect(startMs).toBeLessThan(10_000); // audio is primed before the first picture
    expect(() => shiftFragment(fragments[0]!.moof, init, -10_000)).toThrow(/negative/);
    expect(() => shiftFragment(readFixture('h264-aac').fragments[0]!.moof, init, -startMs)).not.toThrow();
  });

  it('refuses a track that the init segment does not know', () => {
    const { init, fragments } = readFixture('h264-aac');
    expect(() => shiftFragment(fragments[0]!.moof, { ...init, tracks: [init.video] }, 1)).toThrow(/unknown track 2/);
  });
});

describe('numberFragment', () => {
  it('writes the sequence number', () => {
    const { moof } = readFixture('h264-aac').fragments[0]!;
    numberFragment(moof, 4_711);
    expect(moof.readUInt32BE(moof.indexOf('mfhd') + 8)).toBe(4_711);
  });
});

describe('parseInitSegment', () => {
  it('reads the tracks', () => {
    const { init } = readFixture('h264-aac');
    expect(init.tracks.map(({ kind, sampleEntry, width, height }) => [kind, sampleEntry, width, height])).toEqual([
      ['video', 'avc1', 64, 48],
      ['audio', 'mp4a', 0, 0],
    ]);
    expect(init.video).toBe(init.tracks[0]);
  });

  const changed = (mark: string, offset: number) => {
    const { init } = readFixture('h264-aac');
    const bytes = Buffer.from(init.bytes);
    const at = bytes.indexOf(mark) + offset;
    bytes[at] = bytes[at]! ^ 1;
    return parseInitSegment(bytes).configDigest;
  };

  it('gives equal digests to captures that fit into one file, and others to those that do not', () => {
    const { configDigest } = readFixture('h264-aac').init;
    const bitRate = readFixture('h264-aac').init.bytes.indexOf(Buffer.from([0x04, 0x80, 0x80, 0x80])) + 11;
    const esds = readFixture('h264-aac').init.bytes.indexOf('esds');
    expect(changed('esds', bitRate - esds)).toBe(configDigest); // the measured bit rate differs from run to run
    expect(changed('avcC', 20)).not.toBe(configDigest);
    expect(changed('avc1', 29)).not.toBe(configDigest); // width
    expect(readFixture('h264-bframes').init.configDigest).not.toBe(configDigest);
  });

  it('refuses a segment without video', () => {
    const { init } = readFixture('h264-aac');
    const bytes = Buffer.from(init.bytes.toString('latin1').replace('vide', 'text'), 'latin1');
    expect(() => parseInitSegment(bytes)).toThrow(/no video track/);
  });
});
