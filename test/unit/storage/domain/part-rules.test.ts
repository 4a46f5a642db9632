import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkCopy, checkPart, checkParts, MAX_PARTS } from '../../../../src/modules/storage/domain/part-rules.js';

const PART_BYTES = 1_000;
const refused = expect.objectContaining({ code: 'STORAGE.REJECTED', retryable: false });

const partsOf = (sizeBytes: number): { number: number; sizeBytes: number }[] =>
  Array.from({ length: Math.ceil(sizeBytes / PART_BYTES) }, (_, i) => ({
    number: i + 1,
    sizeBytes: Math.min(PART_BYTES, sizeBytes - i * PART_BYTES),
  }));

describe('the parts of an object', () => {
  it('are equal but for a smaller last one, and make the sum of their sizes', () => {
    const size = fc.integer({ min: 1, max: 50 * PART_BYTES });
    fc.assert(fc.property(size, (sizeBytes) => checkParts(partsOf(sizeBytes), PART_BYTES) === sizeBytes));
  });

  it('are none when one is missing, doubled or of another size, unless it is the last that changes', () => {
    const cases = fc.record({
      count: fc.integer({ min: 2, max: 20 }),
      at: fc.nat(),
      change: fc.constantFrom('missing', 'doubled', 'smaller'),
    });
    fc.assert(
      fc.property(cases, ({ count, at, change }) => {
        const parts = partsOf(count * PART_BYTES);
        const index = at % (count - 1);
        const part = { number: index + 1, sizeBytes: PART_BYTES };
        const put = { missing: [], doubled: [part, part], smaller: [{ ...part, sizeBytes: PART_BYTES - 1 }] };
        parts.splice(index, 1, ...put[change]);
        expect(() => checkParts(parts, PART_BYTES)).toThrow(refused);
      }),
    );
  });

  it('are at least one and at most ten thousand', () => {
    expect(() => checkParts([], PART_BYTES)).toThrow(refused);
    expect(checkParts(partsOf(MAX_PARTS * PART_BYTES), PART_BYTES)).toBe(MAX_PARTS * PART_BYTES);
    expect(() => checkParts(partsOf(MAX_PARTS * PART_BYTES + 1), PART_BYTES)).toThrow(refused);
  });

  it.each([
    [0, 1],
    [-1, 1],
    [1.5, 1],
    [Number.NaN, 1],
    [MAX_PARTS + 1, 1],
    [1, 0],
    [1, PART_BYTES + 1],
  ])('cannot have the number %d with %d bytes', (number, sizeBytes) => {
    expect(() => checkPart({ number, sizeBytes }, PART_BYTES)).toThrow(refused);
  });
});

describe('a part that is copied', () => {
  it('is a range from a byte on, no larger than a part', () => {
    expect(checkCopy(1, { start: 0, end: 0 }, PART_BYTES)).toBe(1);
    expect(checkCopy(MAX_PARTS, { start: 77, end: 77 + PART_BYTES - 1 }, PART_BYTES)).toBe(PART_BYTES);
    for (const range of [
      { start: 0, end: PART_BYTES },
      { start: 5, end: 4 },
      { start: 0, end: 1.5 },
    ]) {
      expect(() => checkCopy(1, range, PART_BYTES)).toThrow(refused);
    }
    for (const number of [0, 1.5, MAX_PARTS + 1]) {
      expect(() => checkCopy(number, { start: 0, end: 0 }, PART_BYTES)).toThrow(refused);
    }
    for (const start of [-1, 0.5]) {
      const outside = expect.objectContaining({ code: 'STORAGE.BAD_RANGE' });
      expect(() => checkCopy(1, { start, end: start + 9 }, PART_BYTES)).toThrow(outside);
    }
  });
});
