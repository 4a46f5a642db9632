import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from '../../../src/common/backoff.js';

describe('backoffMs', () => {
  it('doubles from the first pause to the largest', () => {
    const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, { firstMs: 100, maxMs: 1_000 }, 0));
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('takes away at most the share of jitter', () => {
    expect(backoffMs(1, { firstMs: 1_000, maxMs: 1_000, jitter: 0.5 }, 0.999_999)).toBe(500);
  });

  it('is never negative, never above the largest, for any attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const ms = backoffMs(attempt, { firstMs: 50, maxMs: 60_000 }, random);
          expect(ms).toBeGreaterThanOrEqual(40);
          expect(ms).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});
