import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Anchor, applyAnchors, CaptureClock } from '../../../../src/modules/footage/domain/capture-clock.js';
import type { FragmentTiming } from '../../../../src/mp4/fragment.js';

const T = 1_800_000_000_000;
const MEDIA_START_MS = 10_000;
const HOUR_MS = 3_600_000;

const fragment = (startMs: number): FragmentTiming => ({ startMs, durationMs: 1_000, frames: 25, isSync: true });
/** Nobody sets the clock. */
const arrival = (wallMs: number, setByMs = 0) => ({ wallMs: wallMs + setByMs, monoMs: wallMs - T });

interface Run {
  /** How much faster than ours the camera's clock runs. */
  drift?: number;
  hours: number;
  /** How long after its last frame a fragment comes. */
  lateMs(index: number): number;
  setByMs?(index: number): number;
}

/** A fragment a second for hours. @returns for each how far its time is from when its last frame was taken */
function run(clock: CaptureClock, { drift = 0, hours, lateMs, setByMs = () => 0 }: Run): number[] {
  return Array.from({ length: hours * 3_600 }, (_each, index) => {
    const timing = fragment(MEDIA_START_MS + index * 1_000);
    const takenMs = T + ((index + 1) * 1_000) / (1 + drift);
    clock.follow(timing, arrival(takenMs + lateMs(index), setByMs(index)));
    return clock.epochMs + clock.addMs + timing.startMs + timing.durationMs - takenMs - setByMs(index);
  });
}

describe('CaptureClock', () => {
  it('takes the earliest arrival of the first half minute for the truth, and then keeps to it', () => {
    const lateMs = [2_000, 900, 400, 30, 80, 30, 250];
    const errors = run(new CaptureClock(T), { hours: 0.1, lateMs: (index) => lateMs[Math.min(index, 6)]! });
    expect(errors.slice(0, 7).map(Math.round)).toEqual([2_000, 900, 400, 30, 30, 30, 30]);
  });

  it('is not to be believed while footage comes faster than it was taken', () => {
    const clock = new CaptureClock(T);
    const believed = [3_600, 3_610, 3_620, 3_700, 4_050, 5_040].map((comesMs, index) => {
      clock.follow(fragment(MEDIA_START_MS + index * 1_000), arrival(T + comesMs));
      return clock.isPaced;
    });
    expect(believed).toEqual([false, false, false, false, false, true]);
    expect(clock.afterSetBy(HOUR_MS).isPaced).toBe(true);
  });

  it('follows a camera whose clock runs fast or slow, for days', () => {
    const jitter = fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(fc.double({ min: -0.0002, max: 0.0002, noNaN: true }), jitter, (drift, late) => {
        const errors = run(new CaptureClock(T), { drift, hours: 48, lateMs: (index) => late[index % 50]! });
        const offMs = errors.slice(60).map((error) => Math.abs(error - Math.min(...late)));
        expect(offMs.reduce((worst, each) => Math.max(worst, each))).toBeLessThan(100);
      }),
      { numRuns: 3 },
    );
  });

  it('changes seldom, by small steps, and not at all for a camera with a good clock', () => {
    const clock = new CaptureClock(T);
    const steps = new Set<number>();
    run(clock, { drift: 0.0001, hours: 1, lateMs: () => (steps.add(clock.addMs), 50) });
    const anchors = [...steps];
    expect(anchors.length).toBeGreaterThan(5);
    expect(anchors.length).toBeLessThan(25);
    for (const [index, addMs] of anchors.slice(1).entries()) {
      expect(Math.abs(addMs - anchors[index]!)).toBeLessThan(40);
    }
    const steady = new CaptureClock(T);
    run(steady, { hours: 10, lateMs: (index) => 50 + (index % 7) * 40 });
    expect(steady.addMs).toBe(0);
  });

  it('does not take a busy machine for a clock that is wrong', () => {
    const clock = new CaptureClock(T);
    const errors = run(clock, { hours: 1, lateMs: (index) => (index > 600 && index < 720 ? 8_000 : 50) });
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(120);
    expect(Math.abs(errors.at(-1)! - 50)).toBeLessThan(25);
  });

  it.each([3_600_000, -3_600_000, 250, -250])(
    'notices that the wall clock was set by %d ms, and goes on by it',
    (by) => {
      const clock = new CaptureClock(T);
      run(clock, { hours: 0.05, lateMs: () => 50 });
      const takenMs = T + 181_000;
      expect(clock.setByMs(arrival(takenMs + 50))).toBe(0);
      expect(clock.setByMs(arrival(takenMs + 50, by))).toBe(by);
      expect(clock.aheadMs(MEDIA_START_MS + 181_000, arrival(takenMs + 50, by))).toBeCloseTo(0, 6);
      const next = clock.afterSetBy(by);
      next.follow(fragment(MEDIA_START_MS + 180_000), arrival(takenMs + 900, by));
      expect(next.epochMs + next.addMs + MEDIA_START_MS + 181_000).toBeCloseTo(takenMs + 50 + by, 6);
    },
  );

  it('follows a wall clock that is corrected by a little', () => {
    const clock = new CaptureClock(T);
    const errors = run(clock, { hours: 1, lateMs: () => 50, setByMs: (index) => (index < 1_000 ? 0 : 150) });
    expect(Math.abs(errors.at(-1)! - 50)).toBeLessThan(25);
  });

  it('knows when media is ahead of its arrival', () => {
    const clock = new CaptureClock(T);
    run(clock, { hours: 0.05, lateMs: () => 50 });
    expect(clock.aheadMs(MEDIA_START_MS + 186_000, arrival(T + 181_050))).toBeCloseTo(5_000, 6);
    expect(clock.aheadMs(MEDIA_START_MS + 176_000, arrival(T + 181_050))).toBeCloseTo(-5_000, 6);
  });
});

describe('applyAnchors', () => {
  const anchors: Anchor[] = [
    { fromMs: 100_000, addMs: 20 },
    { fromMs: 200_000, addMs: -5 },
  ];

  it('moves what lies behind an anchor as the last one says, with its stills', () => {
    expect(applyAnchors(fragment(99_999), anchors)).toEqual(fragment(99_999));
    expect(applyAnchors(fragment(100_000), anchors)).toEqual(fragment(100_020));
    const still = { startMs: HOUR_MS + 100, durationMs: 600 };
    expect(applyAnchors({ ...fragment(HOUR_MS), longStills: [still] }, anchors)).toEqual({
      ...fragment(HOUR_MS - 5),
      longStills: [{ startMs: HOUR_MS + 95, durationMs: 600 }],
    });
  });
});
