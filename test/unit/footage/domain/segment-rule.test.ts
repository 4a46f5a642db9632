import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { firstRule, isFull } from '../../../../src/modules/footage/domain/segment-rule.js';

const RULE = { segmentMs: 60_000, minBytes: 8_000_000, maxMs: 300_000, boundMs: 3_000_000, isSpread: true };

describe('a segment of the log', () => {
  it.each([
    ['short', { lengthMs: 59_999, sizeBytes: 9_000_000 }, true, false],
    ['long and large', { lengthMs: 60_000, sizeBytes: 8_000_000 }, true, true],
    ['long and small', { lengthMs: 60_000, sizeBytes: 7_999_999 }, true, false],
    ['very long and small', { lengthMs: 300_000, sizeBytes: 1 }, true, true],
    ['very long, before no key frame', { lengthMs: 2_999_999, sizeBytes: 9_000_000 }, false, false],
    ['at its bound, before no key frame', { lengthMs: 3_000_000, sizeBytes: 1 }, false, true],
  ])('that is %s', (_name, segment, isSync, full) => {
    expect(isFull(RULE, segment, { isSync })).toBe(full);
  });

  it('is the first of its capture: from a half to three halves as long, the same for a camera each time', () => {
    fc.assert(
      fc.property(fc.uuid(), (cameraId) => {
        const { segmentMs } = firstRule(RULE, cameraId);
        expect(segmentMs).toBeGreaterThanOrEqual(30_000);
        expect(segmentMs).toBeLessThan(90_000);
        expect(firstRule(RULE, cameraId).segmentMs).toBe(segmentMs);
      }),
    );
    expect(firstRule({ ...RULE, isSpread: false }, 'any').segmentMs).toBe(60_000);
  });

  it('is closed by cameras that begin together at different times', () => {
    const lengths = fc
      .sample(fc.uuid(), 200)
      .map((cameraId) => Math.floor(firstRule(RULE, cameraId).segmentMs / 10_000));
    expect(new Set(lengths).size).toBe(6);
  });
});
