import { describe, expect, it } from '@jest/globals';
import type { CaptureFootage } from '../../../../src/modules/footage/domain/footage.js';
import { planRingStart } from '../../../../src/modules/retention/domain/ring-plan.js';

const MB = 1_000_000;

/** A capture of so many seconds, a fragment of 1 MB each. */
function capture(epochMs: number, seconds: number): CaptureFootage {
  const fragments = Array.from({ length: seconds }, (_, n) => ({
    ...{ segment: '1', offset: 0, moofBytes: 1, sizeBytes: MB },
    ...{ startMs: n * 1_000, durationMs: 1_000, frames: 25, isSync: true },
  }));
  return { captureId: String(epochMs), epochMs, configDigest: 'x', fragments };
}

describe('planRingStart', () => {
  it('begins where it was asked to while the footage is small enough', () => {
    expect(planRingStart([capture(0, 60)], { fromMs: 30_000, maxBytes: 30 * MB })).toBe(30_000);
    expect(planRingStart([], { fromMs: 5, maxBytes: 1 })).toBe(5);
  });

  it('gives up the oldest footage when there is too much', () => {
    expect(planRingStart([capture(0, 60)], { fromMs: 30_000, maxBytes: 10 * MB })).toBe(50_000);
  });

  it('counts all captures together, the newest first', () => {
    const captures = [capture(0, 10), capture(20_000, 10)];
    expect(planRingStart(captures, { fromMs: 0, maxBytes: 15 * MB })).toBe(5_000);
    expect(planRingStart(captures, { fromMs: 0, maxBytes: 3 * MB })).toBe(27_000);
  });
});
