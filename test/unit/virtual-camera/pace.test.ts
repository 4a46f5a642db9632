import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_ODDITIES } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { planPace } from '../../../packages/virtual-camera/src/pace.js';

const pace = (odd: object) => planPace(25, { ...NO_ODDITIES, ...odd });

describe('planPace', () => {
  it('takes the rate of the clip, or another', () => {
    expect(pace({}).msOf(50)).toBe(2000);
    expect(pace({ sentFps: 21 }).msOf(42)).toBe(2000);
  });

  it('goes by a schedule, over and over', () => {
    const { msOf, frameAt, fps } = pace({ rateSchedule: '25:6,1:8' });
    expect(fps).toBe(158 / 14);
    expect([0, 149, 150, 151, 157, 158, 159].map((frame) => msOf(frame))).toEqual([
      ...[0, 5960, 6000, 7000, 13_000, 14_000, 14_040],
    ]);
    expect([6500, 14_000].map(frameAt)).toEqual([150.5, 158]);
    expect([-Infinity, Infinity].map(frameAt)).toEqual([-Infinity, Infinity]);
  });

  it('goes forward only, and back again to the same frame', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(steps, fc.nat(10_000), (rates, frame) => {
        const { msOf, frameAt } = pace({ rateSchedule: rates.map((step) => step.join(':')).join(',') });
        expect(frameAt(msOf(frame))).toBeCloseTo(frame, 5);
        expect(msOf(frame + 1)).toBeGreaterThan(msOf(frame));
      }),
    );
  });
});
