import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findBox } from '../../../src/mp4/boxes.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { placeNalUnits } from '../../../src/mp4/bitstream/nal-units.js';
import { describeFirst, ParameterWatch } from '../../../src/mp4/parameter-watch.js';
import { SoundTrack } from '../../../src/mp4/sound-track.js';
import { findFirstFrame } from '../../../src/mp4/still.js';
import { type FixtureName, readFixture } from '../../support/footage.js';

const CODECS = [
  ['h264', 'h264-two-sizes', 'h264-second-init'],
  ['h265', 'h265-two-sizes', 'h265-second-init'],
] as const satisfies readonly [string, FixtureName, FixtureName][];

/** Index of the fragment with which an init segment begins to hold. */
function changesIn(watch: ParameterWatch, fragments: readonly { moof: Buffer; mdat: Buffer }[]) {
  return fragments.flatMap((fragment, index) => {
    const bytes = watch.look(fragment);
    return bytes ? [{ index, init: parseInitSegment(bytes) }] : [];
  });
}

/** The parameter sets in front of the first picture, and where they lie in the `mdat`. */
function setsOf(name: FixtureName, index: number) {
  const { init, fragments } = readFixture(name);
  const { moof, mdat } = fragments[index]!;
  const place = findFirstFrame(moof, init)!;
  const offset = place.offset - moof.length;
  const frame = mdat.subarray(offset, offset + place.sizeBytes);
  const units = [...placeNalUnits(frame, 4)].map(({ start, end }) => ({
    at: offset + start,
    unit: frame.subarray(start, end),
  }));
  const ofType = (type: number) => units.find(({ unit }) => (unit[0]! & 0x1f) === type)!;
  return { init, fragment: { moof, mdat }, ofType };
}

describe.each(CODECS)('a watch over the parameter sets of %s', (_codec, name, second) => {
  it('sees a size change at a key frame, and change back', () => {
    const { init, fragments } = readFixture(name);
    const changes = changesIn(new ParameterWatch(init), fragments);
    expect(changes.map(({ index, init: { video } }) => [index, video.width, video.height])).toEqual([
      [2, 98, 66],
      [4, 64, 48],
    ]);
    expect(changes[1]!.init.bytes).toEqual(init.bytes);
  });

  it('describes the new pictures as FFmpeg would', () => {
    const { init, fragments } = readFixture(name);
    const [{ init: made } = { init }] = changesIn(new ParameterWatch(init), fragments);
    const { video } = readFixture(second).init;
    expect(made.video).toMatchObject({ width: video.width, height: video.height, sampleEntry: video.sampleEntry });
    expect(made.video.decoderConfig.equals(video.decoderConfig)).toBe(true);
    const sides = (bytes: Buffer) => {
      const { end } = findBox(bytes, ['moov', 'trak', 'tkhd'])!;
      return bytes.toString('hex', end - 8, end);
    };
    expect(sides(made.bytes)).toBe(sides(readFixture(second).init.bytes));
  });

  it('leaves the sound as it was', () => {
    const { init, fragments } = readFixture(name);
    const both = parseInitSegment(new SoundTrack({ sampleRate: 8_000, channels: 1 }).describe(init.bytes));
    const [{ init: made } = { init }] = changesIn(new ParameterWatch(both), fragments);
    expect(made.video).toMatchObject({ width: 98, height: 66 });
    expect(made.tracks[1]).toEqual(both.tracks[1]);
    expect(made.video).toMatchObject({ trackId: both.video.trackId, timescale: both.video.timescale });
  });

  it('sees in the first fragment that the description is older', () => {
    const { init, fragments } = readFixture(name);
    const stale = readFixture(second).init;
    const first = parseInitSegment(describeFirst(stale.bytes, fragments[0]!));
    expect(first.video).toMatchObject({ width: 64, height: 48 });
    expect(first.video.decoderConfig.equals(init.video.decoderConfig)).toBe(true);
    expect(describeFirst(init.bytes, fragments[0]!)).toBe(init.bytes);
  });

  it('never takes sets that come again for a change, in whatever order fragments come', () => {
    const { init, fragments } = readFixture(name);
    const alike = [0, 1, 4, 5];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alike), { maxLength: 20 }), (order) => {
        expect(
          changesIn(
            new ParameterWatch(init),
            order.map((at) => fragments[at]!),
          ),
        ).toEqual([]);
      }),
    );
  });

  it('goes with the sets in force after any changes', () => {
    const { init, fragments } = readFixture(name);
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 20 }), (order) => {
        const watch = new ParameterWatch(init);
        let width = init.video.width;
        for (const at of order) {
          const bytes = watch.look(fragments[at]!);
          if (bytes) width = parseInitSegment(bytes).video.width;
          expect(width).toBe(at === 2 || at === 3 ? 98 : 64);
        }
      }),
    );
  });

  it('is not upset by damaged pictures', () => {
    const { init } = readFixture(name);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.nat(120), (noise, at) => {
        const { fragments } = readFixture(name);
        const { moof, mdat } = fragments[2]!;
        Buffer.from(noise).copy(mdat, 8 + at);
        const bytes = new ParameterWatch(init).look({ moof, mdat });
        if (bytes) expect(parseInitSegment(bytes).tracks).toHaveLength(init.tracks.length);
      }),
    );
  });
});

describe('a watch over parameter sets of H.264', () => {
  const [SPS, PPS] = [7, 8];

  it('does not look at what only helps to show the pictures', () => {
    const { init, fragment, ofType } = setsOf('h264-two-sizes', 1);
    const { at, unit } = ofType(SPS);
    // The last bytes are of the VUI.
    fragment.mdat[at + unit.length - 3]! ^= 0x10;
    expect(new ParameterWatch(init).look(fragment)).toBeNull();
  });

  it('does not look at how a picture is coded', () => {
    const { init, fragment, ofType } = setsOf('h264-two-sizes', 1);
    const { at, unit } = ofType(PPS);
    fragment.mdat[at + unit.length - 1]! ^= 0x02;
    expect(new ParameterWatch(init).look(fragment)).toBeNull();
  });

  it.each([
    ['constraints', 2, 0x40],
    ['level', 3, 51],
  ])('takes another %s for a change', (_what, offset, value) => {
    const { init, fragment, ofType } = setsOf('h264-two-sizes', 1);
    fragment.mdat[ofType(SPS).at + offset] = value;
    const bytes = new ParameterWatch(init).look(fragment);
    expect(parseInitSegment(bytes!).video.decoderConfig[offset]).toBe(value);
  });

  it('does not look behind what begins without a key frame', () => {
    const { init, fragments } = readFixture('h264-aac');
    expect(changesIn(new ParameterWatch(init), fragments)).toEqual([]);
  });
});
