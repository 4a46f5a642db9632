import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeGops, encodeGops } from '../../../../src/modules/archive/domain/gop-index.js';

const GOP = fc.record({ sizeBytes: fc.nat(2 ** 40), durationMs: fc.nat(3_600_000) });

describe('the index of groups of pictures', () => {
  it('places each group behind the one before it', () => {
    const bytes = encodeGops([
      { sizeBytes: 500_000, durationMs: 2_000 },
      { sizeBytes: 90, durationMs: 40 },
    ]);
    expect(decodeGops(bytes, 1_300)).toEqual([
      { offset: 1_300, startMs: 0, sizeBytes: 500_000, durationMs: 2_000 },
      { offset: 501_300, startMs: 2_000, sizeBytes: 90, durationMs: 40 },
    ]);
  });

  it('is read back as it was written, and takes no more than ten bytes a group', () => {
    fc.assert(
      fc.property(fc.array(GOP), (gops) => {
        const bytes = encodeGops(gops);
        expect(bytes.length).toBeLessThanOrEqual(gops.length * 10);
        expect(decodeGops(bytes, 0).map(({ sizeBytes, durationMs }) => ({ sizeBytes, durationMs }))).toEqual(gops);
      }),
    );
  });

  it('refuses bytes that are cut off', () => {
    const bytes = encodeGops([{ sizeBytes: 300, durationMs: 400 }]);
    for (let length = 1; length < bytes.length; length += 1) {
      expect(() => decodeGops(bytes.subarray(0, length), 0)).toThrow(RangeError);
    }
  });
});
