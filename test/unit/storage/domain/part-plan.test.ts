import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planParts } from '../../../../src/modules/storage/domain/part-plan.js';
import { MAX_PARTS, MIN_PART_BYTES } from '../../../../src/modules/storage/domain/part-rules.js';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

describe('a part plan', () => {
  it('covers the file without holes, in equal parts but for a smaller last one, within the limits', () => {
    const size = fc.oneof(fc.nat({ max: 200 * MIB }), fc.integer({ min: 1, max: 4 * TIB }));
    fc.assert(
      fc.property(size, fc.integer({ min: MIN_PART_BYTES, max: 64 * MIB }), (fileSizeBytes, partSizeBytes) => {
        const parts = planParts(fileSizeBytes, partSizeBytes);
        expect(parts.length).toBeLessThanOrEqual(MAX_PARTS);
        const full = parts[0]?.sizeBytes ?? 0;
        let offset = 0;
        let even = true;
        parts.forEach((part, index) => {
          even &&= part.number === index + 1 && part.offset === offset;
          even &&= index === parts.length - 1 ? part.sizeBytes <= full : part.sizeBytes === full;
          offset += part.sizeBytes;
        });
        expect(even).toBe(true);
        expect(offset).toBe(fileSizeBytes);
        if (parts.length > 1) expect(full).toBeGreaterThanOrEqual(partSizeBytes);
        expect(parts.at(-1)?.sizeBytes === 0 && parts.length > 1).toBe(false);
      }),
    );
  });

  it('keeps the asked size as long as it can', () => {
    expect(planParts(16 * MIB + 1, 8 * MIB).map(({ sizeBytes }) => sizeBytes)).toEqual([8 * MIB, 8 * MIB, 1]);
    expect(planParts(MAX_PARTS * 8 * MIB, 8 * MIB)).toHaveLength(MAX_PARTS);
    expect(planParts(MAX_PARTS * 8 * MIB + 1, 8 * MIB)[0]?.sizeBytes).toBe(9 * MIB);
  });

  it('has one part for an empty file', () => {
    expect(planParts(0, MIN_PART_BYTES)).toEqual([{ number: 1, offset: 0, sizeBytes: 0 }]);
  });
});
