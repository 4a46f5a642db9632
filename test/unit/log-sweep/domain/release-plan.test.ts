import { describe, expect, it } from '@jest/globals';
import type { SegmentSpan } from '../../../../src/modules/footage/index.js';
import { planRelease } from '../../../../src/modules/log-sweep/domain/release-plan.js';

/** Three segments of 10 s each. */
const SEGMENTS: SegmentSpan[] = [0, 1, 2].map((index) => ({
  ...{ sizeBytes: 4, startMs: 100_000 + index * 10_000, endMs: 110_000 + index * 10_000 },
}));

const spansOf = (spans: readonly SegmentSpan[]) => ({
  length: spans.length,
  at: (index: number) => spans[index]!,
  nameAt: (index: number) => String(index + 1),
});
const needed = (startMs: number, endMs: number | null) => ({ startMs, endMs });
const release = (openSegment: string | null, ...ranges: ReturnType<typeof needed>[]) =>
  planRelease({ openSegment, spans: spansOf(SEGMENTS) }, ranges);

describe('planRelease', () => {
  it('releases an ended capture as a whole when nobody needs it', () => {
    expect(release(null)).toBe('all');
    expect(release(null, needed(50_000, 100_000), needed(130_000, null))).toBe('all');
    expect(planRelease({ openSegment: null, spans: spansOf([]) }, [])).toBe('all');
  });

  it('keeps every segment that a range touches', () => {
    expect(release(null, needed(112_000, 113_000))).toEqual(['1', '3']);
    expect(release(null, needed(109_999, 120_001))).toEqual([]);
    expect(release(null, needed(110_000, 120_000))).toEqual(['1', '3']);
  });

  it('keeps what any of several ranges touches, in whatever order they come and however they overlap', () => {
    expect(release(null, needed(121_000, 122_000), needed(101_000, 102_000))).toEqual(['2']);
    expect(release(null, needed(101_000, 125_000), needed(105_000, 106_000))).toEqual([]);
    expect(release('3', needed(101_000, 102_000), needed(101_500, 101_600))).toEqual(['2']);
  });

  it('keeps everything from the start of an open range on', () => {
    expect(release(null, needed(125_000, null))).toEqual(['1', '2']);
    expect(release(null, needed(50_000, null))).toEqual([]);
  });

  it('never releases the segment that is being written, nor the folder around it', () => {
    expect(release('3')).toEqual(['1', '2']);
    expect(planRelease({ openSegment: '', spans: spansOf([]) }, [])).toEqual([]);
  });
});
