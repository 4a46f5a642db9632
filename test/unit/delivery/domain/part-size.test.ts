import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planPartSize } from '../../../../src/modules/delivery/domain/part-size.js';

const MIB = 1024 ** 2;
const HOUR_MS = 3_600_000;

describe('the size of parts', () => {
  it('is what is configured for recordings of some hours, so that little is left to send at their end', () => {
    expect(planPartSize(5 * MIB, 300_000)).toBe(5 * MIB);
    expect(planPartSize(5 * MIB, 3 * HOUR_MS)).toBe(5 * MIB);
    expect(planPartSize(64 * MIB, 12 * HOUR_MS)).toBe(64 * MIB);
  });

  it('lets the fastest camera record for as long as it may within 10,000 parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 48 * 60 }), (minutes) => {
        const bytes = minutes * 60 * 2_500_000;
        expect(bytes / planPartSize(5 * MIB, minutes * 60_000)).toBeLessThan(9_001);
      }),
    );
  });

  it('has room for the head of the longest recording, which players want in front', () => {
    // Pictures and sound of 16 or 48 kHz, four bytes each, as tables have them.
    for (const frames of [25 + 16, 25 + 47]) {
      for (const hours of [1, 4, 12, 24]) {
        const headBytes = hours * 3_600 * frames * 4;
        expect(planPartSize(5 * MIB, hours * HOUR_MS)).toBeGreaterThan(headBytes * 1.25);
      }
    }
    expect(planPartSize(5 * MIB, 12 * HOUR_MS)).toBe(17 * MIB);
  });
});
