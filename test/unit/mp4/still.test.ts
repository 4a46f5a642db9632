import { describe, expect, it } from '@jest/globals';
import type { Track } from '../../../src/mp4/init-segment.js';
import { buildStill, findFirstFrame, isolateKeyFrame } from '../../../src/mp4/still.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { readFixture } from '../../support/footage.js';

describe('findFirstFrame', () => {
  it('finds the first picture of a fragment', () => {
    const { init, fragments } = readFixture('h264-aac');
    const { moof, mdat } = fragments[0]!;
    const place = findFirstFrame(moof, init)!;
    const frame = Buffer.concat([moof, mdat]).subarray(place.offset, place.offset + place.sizeBytes);
    // NAL units one behind the other, up to its very end.
    let at = 0;
    while (at < frame.length) at += 4 + frame.readUInt32BE(at);
    expect(at).toBe(frame.length);
    expect(isolateKeyFrame(frame, init.video)).toEqual(frame);
  });
});

describe('buildStill', () => {
  it('makes a fragment of one picture, which lasts the second of its number', () => {
    const { init } = readFixture('h264-bframes');
    const frame = Buffer.from('a picture');
    const still = buildStill(frame, 7, init.video);
    const moof = still.subarray(0, still.readUInt32BE(0));
    const [video, ...others] = readTrackFragments(moof, init);
    const { timescale } = init.video;
    expect(others).toEqual([]);
    expect([video?.startTicks, video?.samples]).toEqual([
      7 * timescale,
      [expect.objectContaining({ durationTicks: timescale, compositionTicks: 0, sizeBytes: frame.length })],
    ]);
    const place = findFirstFrame(moof, init)!;
    expect(still.subarray(place.offset)).toEqual(frame);
  });
});

describe('isolateKeyFrame', () => {
  const units = (...headers: number[][]) =>
    Buffer.concat(headers.map((header) => Buffer.from([0, header.length + 2, ...header, 0xab, 0xcd])));
  /** With lengths of two bytes. */
  const track = (sampleEntry: string, lengthByteAt: number) =>
    ({ sampleEntry, decoderConfig: Buffer.alloc(lengthByteAt + 1, 0xfd) }) as Track;
  const avc = track('avc1', 4);
  const hevc = track('hev1', 21);
  const [PARAMETERS, IDR, RECOVERY_POINT] = [[0x67], [0x65], [0x41]];
  const [PREFIX_SEI, HEVC_IDR, CRA, BLA] = [
    [0x4e, 1],
    [0x26, 1],
    [0x2a, 1],
    [0x24, 1],
  ];

  it('leaves pictures of H.264 that reset the decoder as they are, and no others', () => {
    const frame = units(PARAMETERS, IDR, IDR);
    expect(isolateKeyFrame(frame, avc)).toEqual(frame);
    expect(isolateKeyFrame(units(PARAMETERS, RECOVERY_POINT), avc)).toBeNull();
  });

  it('makes a picture of H.265 that counts on from others one that does not', () => {
    const frame = units(PREFIX_SEI, CRA, CRA);
    const before = Buffer.from(frame);
    expect(isolateKeyFrame(frame, hevc)).toEqual(units(PREFIX_SEI, BLA, BLA));
    expect(frame).toEqual(before);
    expect(isolateKeyFrame(units(PREFIX_SEI, HEVC_IDR), hevc)).toEqual(units(PREFIX_SEI, HEVC_IDR));
  });

  it('leaves pictures of other codecs as they are', () => {
    const frame = Buffer.from('a JPEG');
    expect(isolateKeyFrame(frame, track('mp4v', 4))).toBe(frame);
  });
});
