import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { untilNextBeat } from '../../../src/mp4/rhythm.js';

describe('untilNextBeat', () => {
  it('waits for the next beat, and not at all on one', () => {
    const rhythm = { beatMs: 1_000, stepMs: 40 };
    expect(untilNextBeat(rhythm, 1_000)).toBeCloseTo(0, 9);
    expect(untilNextBeat(rhythm, 1_401)).toBeCloseTo(39, 9);
    expect(untilNextBeat(rhythm, 1_439)).toBeCloseTo(1, 9);
    expect(untilNextBeat(rhythm, 990)).toBeCloseTo(10, 9);
  });

  it('meets a beat that a rounding of ticks has just missed', () => {
    expect(untilNextBeat({ beatMs: 0, stepMs: 40 }, 400.2)).toBeCloseTo(-0.2, 9);
  });

  it('always ends on a beat, less than a step away', () => {
    const stepMs = fc.double({ min: 5, max: 1_000, noNaN: true });
    const instant = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(stepMs, instant, instant, (step, beatMs, atMs) => {
        const waitMs = untilNextBeat({ beatMs, stepMs: step }, atMs);
        expect(waitMs).toBeGreaterThanOrEqual(-0.011 * step);
        expect(waitMs).toBeLessThan(step);
        const beats = (atMs + waitMs - beatMs) / step;
        expect(Math.abs(beats - Math.round(beats))).toBeLessThan(1e-6);
      }),
    );
  });
});
