import { describe, expect, it } from '@jest/globals';
import type { SegmentSpan, SegmentSpans } from '../../../../src/modules/footage/index.js';
import { planRingStart } from '../../../../src/modules/log-sweep/domain/ring-plan.js';

const MB = 1_000_000;

/** A capture of so many seconds, 1 MB each, in segments of 10 s. */
function capture(epochMs: number, seconds: number): SegmentSpans {
  const spans = Array.from({ length: Math.ceil(seconds / 10) }, (_, index): SegmentSpan => {
    const [fromSec, toSec] = [index * 10, Math.min(seconds, index * 10 + 10)];
    return {
      sizeBytes: (toSec - fromSec) * MB,
      startMs: epochMs + fromSec * 1_000,
      endMs: epochMs + toSec * 1_000,
    };
  });
  return { length: spans.length, at: (index) => spans[index]!, nameAt: String };
}

describe('planRingStart', () => {
  it('begins where it was asked to while the footage is small enough', () => {
    expect(planRingStart([capture(0, 60)], { fromMs: 30_000, maxBytes: 30 * MB })).toBe(30_000);
    expect(planRingStart([], { fromMs: 5, maxBytes: 1 })).toBe(5);
  });

  it('gives up the oldest footage when there is too much', () => {
    expect(planRingStart([capture(0, 60)], { fromMs: 30_000, maxBytes: 10 * MB })).toBe(50_000);
  });

  it('ends inside a segment, as if its bytes were spread evenly over it', () => {
    expect(planRingStart([capture(0, 60)], { fromMs: 0, maxBytes: 13 * MB })).toBe(47_000);
    expect(planRingStart([capture(0, 60)], { fromMs: 48_000, maxBytes: 13 * MB })).toBe(48_000);
  });

  it('counts all captures together, the newest first', () => {
    const captures = [capture(0, 10), capture(20_000, 10)];
    expect(planRingStart(captures, { fromMs: 0, maxBytes: 15 * MB })).toBe(5_000);
    expect(planRingStart(captures, { fromMs: 0, maxBytes: 3 * MB })).toBe(27_000);
  });
});
