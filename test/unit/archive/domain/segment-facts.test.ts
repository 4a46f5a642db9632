import { describe, expect, it } from '@jest/globals';
import { decodeGops } from '../../../../src/modules/archive/domain/gop-index.js';
import { factsOf } from '../../../../src/modules/archive/domain/segment-facts.js';
import type { IndexedFragment, SegmentTail } from '../../../../src/modules/footage/domain/segment-file.js';

const CAMERA = '3f2b8c1e-5a7d-4c9e-8b1f-0a2c4e6d8f90';
const HEAD_BYTES = 1_500;
const SILENCE_BYTES = 14;
const EPOCH_MS = 1_774_742_000_000.25;

/** Fragments of a second and 25 pictures, each behind a silent frame; a key frame begins those of `sync`. */
function tailOf(sync: readonly boolean[], sizes: readonly number[], addMs = 0): SegmentTail {
  let offset = HEAD_BYTES;
  const entries = sync.map((isSync, index) => {
    const fragment: IndexedFragment = {
      ...{ offset: offset + SILENCE_BYTES, moofBytes: 100, sizeBytes: sizes[index]! },
      ...{ startMs: 10_000 + index * 1_000, durationMs: 1_000, frames: 25, isSync },
    };
    offset = fragment.offset + fragment.sizeBytes;
    return { fragment, moof: Buffer.alloc(100) };
  });
  const owner = { cameraId: CAMERA, stream: 'main' as const, captureId: '1774742000000-1a2b3c4d', number: 3 };
  return { owner, clock: { epochMs: EPOCH_MS, anchors: [{ fromMs: 0, addMs }] }, entries };
}

const sizeOf = ({ entries }: SegmentTail, tailBytes = 900) => {
  const { offset, sizeBytes } = entries.at(-1)!.fragment;
  return { headBytes: HEAD_BYTES, tailBytes, sizeBytes: offset + sizeBytes + tailBytes };
};

describe('what the index says of a segment', () => {
  it('is when its pictures were taken by its clock, how many there are, and whose they are', () => {
    const tail = tailOf([true, false, true], [400, 300, 500], 20);
    expect(factsOf(tail, sizeOf(tail))).toMatchObject({
      ...{ cameraId: CAMERA, captureKey: '1774742000000-1a2b3c4d', number: 3 },
      ...{ startMs: 1_774_742_010_020, durationMs: 3_000, frames: 75, tailBytes: 900 },
    });
  });

  it('places each group of pictures with the silence before it, so that they fill the segment between head and tail', () => {
    const tail = tailOf([true, false, true], [400, 300, 500]);
    const size = sizeOf(tail);
    const gops = decodeGops(factsOf(tail, size).gops, HEAD_BYTES);
    expect(gops).toEqual([
      { offset: HEAD_BYTES, startMs: 0, sizeBytes: 400 + 300 + 2 * SILENCE_BYTES, durationMs: 2_000 },
      { offset: HEAD_BYTES + 728, startMs: 2_000, sizeBytes: 500 + SILENCE_BYTES, durationMs: 1_000 },
    ]);
    expect(gops.at(-1)!.offset + gops.at(-1)!.sizeBytes).toBe(size.sizeBytes - size.tailBytes);
  });

  it('has one group of what does not begin with a key frame', () => {
    const tail = tailOf([false, false], [400, 300]);
    expect(decodeGops(factsOf(tail, sizeOf(tail)).gops, HEAD_BYTES)).toHaveLength(1);
  });

  it('needs a fragment', () => {
    expect(() => factsOf(tailOf([], []), { headBytes: 1, tailBytes: 1, sizeBytes: 2 })).toThrow(RangeError);
  });
});
