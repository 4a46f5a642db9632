import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type OddCamera, OddRun } from './odd-camera.js';

/** Up to a tenth of a second late, as on a machine that does other things too. */
const delayMs = (atMs: number) => 20 + ((Math.round(atMs) * 7_919) % 97);
const worst = (errors: readonly number[]) => errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0);
const run = (camera: Partial<OddCamera>) =>
  new OddRun({ stampedFps: 25, sentFps: 25, forMs: 60_000, delayMs, ...camera });

/** Cameras whose first arrivals say little of what came before. */
const ROUGH_STARTS: [{ sentFps: number; lookMs: number; gopFrames: number }][] = [
  [{ sentFps: 43.45, lookMs: 5_936, gopFrames: 9 }],
  [{ sentFps: 27.271, lookMs: 5_598, gopFrames: 9 }],
  [{ sentFps: 48.5087, lookMs: 5_764, gopFrames: 5 }],
];

/** Neither a pause nor a jump where the camera made none. */
function expectWhole({ taken, jumps }: OddRun): void {
  expect(jumps).toEqual([]);
  expect(taken.filter(({ fragment }) => fragment.longStills)).toEqual([]);
}

describe('CaptureTimes', () => {
  it.each([12.5, 15, 21, 23, 24, 24.9, 25, 25.1, 26, 30, 40, 50])(
    'puts 25 stamped and %d sent on the wall clock, also what came before that was known, and after a restart',
    (sentFps) => {
      const odd = run({ sentFps, forMs: 120_000 });
      expect(worst(odd.errors())).toBeLessThan(250);
      expect(worst(odd.errorsFromDisk())).toBeLessThan(250);
      expectWhole(odd);
    },
  );

  it('lets pictures follow each other as evenly as the camera took them', () => {
    const steps = run({ sentFps: 21, forMs: 120_000 }).durationsMs.slice(-1_000);
    expect(Math.min(...steps)).toBeGreaterThan(1_000 / 21 - 3);
    expect(Math.max(...steps)).toBeLessThan(1_000 / 21 + 3);
  });

  it('changes nothing of a camera whose times are right, however late they come', () => {
    const good = run({ forMs: 600_000 });
    expect(good.capture.anchors).toBeUndefined();
    expect(good.times.paces).toEqual({});
    expect(new Set(good.durationsMs.map((ms) => Math.round(ms)))).toEqual(new Set([40]));
    // A heap of fragments behind something that was in the way for seconds, and a line that was narrow for a while.
    const jam = run({ forMs: 120_000, delayMs: (atMs) => (atMs > 60_000 && atMs < 68_000 ? 68_050 - atMs : 30) });
    expect(jam.times.paces).toEqual({});
    expect(worst(jam.errors())).toBeLessThan(100);
  });

  it('takes no machine that is busy while FFmpeg catches up for a camera that is fast', () => {
    // What was heard while FFmpeg looked comes bit by bit, a quarter faster than it was taken.
    const busy = run({ lookMs: 100, delayMs: (atMs) => Math.max(30, 3_000 - atMs / 4) });
    expect(busy.times.paces).toEqual({});
    expect(worst(busy.errors())).toBeLessThan(100);
  });

  it('stays right for ten hours', () => {
    const odd = run({ stampedFps: 10, sentFps: 8.4, forMs: 36_000_000, gopFrames: 500 });
    expect(worst(odd.errors().slice(60))).toBeLessThan(200);
    expect(odd.capture.anchors!.length).toBeLessThan(60);
    expectWhole(odd);
  });

  it('follows for hours what is too little to be seen in a minute', () => {
    const odd = run({ stampedFps: 10, sentFps: 9.988, forMs: 10_800_000, gopFrames: 500 });
    expect(worst(odd.errors())).toBeLessThan(250);
    expect(odd.capture.anchors!.length).toBeLessThan(200);
    expectWhole(odd);
  });

  it.each([15, 21, 40])('evens out what sender reports put right again and again, at %d for 25', (sentFps) => {
    const odd = run({ sentFps, reportsEveryMs: 5_000, forMs: 120_000 });
    expect(worst(odd.errors().slice(-35))).toBeLessThan(250);
    expectWhole(odd);
  });

  it('notices when a camera sends at another rate than before: dark, and light again', () => {
    const odd = run({ sentFps: (atMs) => (atMs < 60_000 || atMs > 180_000 ? 25 : 12), forMs: 300_000 });
    const errors = odd.errors();
    expect(worst(errors)).toBeLessThan(1_500);
    expect(worst(errors.slice(-60))).toBeLessThan(250);
    expectWhole(odd);
  });

  it.each(Array.from({ length: 14 }, (_, second) => second * 1_000))(
    'places pictures that come seldom by turns, a second each, whichever turn it is at the start: after %d ms',
    (phaseMs) => {
      const sentFps = (atMs: number) => ((atMs + phaseMs) % 14_000 < 6_000 ? 25 : 1);
      const turns = run({ sentFps, reportsEveryMs: 0, keepsBack: true, forMs: 120_000 });
      expect(turns.jumps).toEqual([]);
      expect(worst(turns.errors())).toBeLessThan(200);
      expect(turns.capture.anchors).toBeUndefined();
    },
  );

  it('begins the next session with what it knows of the camera, and unlearns it', () => {
    const { paces } = run({ sentFps: 21 }).times;
    const again = run({ sentFps: 21, known: paces });
    expect(worst(again.errors())).toBeLessThan(120);
    expect(again.capture.anchors).toBeUndefined();
    const mended = run({ sentFps: 25, known: paces, forMs: 120_000 });
    expect(worst(mended.errors())).toBeLessThan(500);
    expect(worst(mended.errors().slice(-30))).toBeLessThan(150);
    expect(mended.times.paces.video?.unitMs).toBeCloseTo(1, 2);
  });

  it('holds at any rate between half and double', () => {
    const cases = fc.record({
      sentFps: fc.double({ min: 12.5, max: 50, noNaN: true }),
      lookMs: fc.integer({ min: 200, max: 6_000 }),
      gopFrames: fc.integer({ min: 5, max: 500 }),
    });
    fc.assert(
      fc.property(cases, (camera) => {
        const odd = run({ ...camera, forMs: 90_000 });
        expect(worst(odd.errors())).toBeLessThan(600);
        expect(worst(odd.errors().slice(-20))).toBeLessThan(250);
        expectWhole(odd);
      }),
      { numRuns: 60, examples: ROUGH_STARTS },
    );
  });
});
