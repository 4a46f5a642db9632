import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatFootageKey, parseFootageKey } from '../../../../src/modules/archive/domain/footage-key.js';

const CAMERA = '3f2b8c1e-5a7d-4c9e-8b1f-0a2c4e6d8f90';

describe('the key of a footage segment', () => {
  it('names camera, day in UTC, start, length, capture and number', () => {
    const key = { cameraId: CAMERA, startMs: Date.parse('2026-03-28T23:59:59.500Z'), durationMs: 61_250 };
    expect(formatFootageKey({ ...key, captureKey: '1774742000000-1a2b3c4d', number: 7 })).toBe(
      `footage/${CAMERA}/20260328/1774742399500-61250-1774742000000-1a2b3c4d-7.mp4`,
    );
  });

  it('is read back as it was written', () => {
    const keys = fc.record({
      cameraId: fc.uuid(),
      startMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
      durationMs: fc.integer({ min: 1, max: 3_600_000 }),
      captureKey: fc
        .tuple(fc.nat(), fc.integer({ min: 0, max: 0xffffffff }))
        .map(([ms, unique]) => `${ms}-${unique.toString(16).padStart(8, '0')}`),
      number: fc.integer({ min: 1, max: 999_999_999 }),
    });
    fc.assert(fc.property(keys, (key) => expect(parseFootageKey(formatFootageKey(key))).toEqual(key)));
  });

  it.each([
    `footage/${CAMERA}/20260328/1774742399500-61250-1774742000000-1a2b3c4d-7.m4s`,
    `footage/${CAMERA}/20260329/1774742399500-61250-1774742000000-1a2b3c4d-7.mp4`,
    `footage/${CAMERA}/20260328/01774742399500-61250-1774742000000-1a2b3c4d-7.mp4`,
    `footage/${CAMERA}/20260328/999999999999999-61250-1774742000000-1a2b3c4d-7.mp4`,
    'footage/store.json',
    `playbacks/${CAMERA}/video.mp4`,
  ])('is not %s', (key) => {
    expect(parseFootageKey(key)).toBeNull();
  });
});
