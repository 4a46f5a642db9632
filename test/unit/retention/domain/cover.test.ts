import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverOf, type Span } from '../../../../src/modules/retention/domain/cover.js';

const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });
const RANGE = span(10_000, 20_000);

describe('what there is of a range', () => {
  it('is nothing without segments, or with segments beside it', () => {
    for (const segments of [[], [span(0, 10_000), span(20_000, 30_000)]]) {
      expect(coverOf(RANGE, segments)).toEqual({ covered: [], missing: [RANGE] });
    }
  });

  it('is cut at its ends, joined at seams, and parted at holes', () => {
    const segments = [span(18_000, 25_000), span(5_000, 12_000), span(12_040, 14_000), span(13_000, 13_500)];
    expect(coverOf(RANGE, segments)).toEqual({
      covered: [span(10_000, 14_000), span(18_000, 20_000)],
      missing: [span(14_000, 18_000)],
    });
  });

  it('with what is missing makes the whole range, in order', () => {
    const any = fc
      .tuple(fc.nat(30_000), fc.integer({ min: 1, max: 9_000 }))
      .map(([start, length]) => span(start, start + length));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (segments) => {
        const { covered, missing } = coverOf(RANGE, segments);
        const all = [...covered, ...missing].sort((a, b) => a.startMs - b.startMs);
        expect(all[0]!.startMs).toBe(RANGE.startMs);
        all.slice(1).forEach(({ startMs }, index) => expect(startMs).toBe(all[index]!.endMs));
        // Up to a seam at the very end.
        expect(all.at(-1)!.endMs).toBe(RANGE.endMs);
        for (const { startMs, endMs } of missing) {
          expect(segments.some((segment) => segment.startMs < endMs && segment.endMs > startMs)).toBe(false);
        }
      }),
    );
  });
});
