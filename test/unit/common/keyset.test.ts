import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatCursor, parseCursor } from '../../../src/common/keyset.js';

describe('cursor', () => {
  it('gives back the position that it was made from', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
        fc.uuid(),
        (at, id) => {
          expect(parseCursor(formatCursor({ at, id }))).toEqual({ at, id });
        },
      ),
    );
  });

  it('is refused when it is anything else', () => {
    const texts = [
      '',
      'x',
      '1',
      '-1.6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      '1.6f9619ff',
      "1.' OR 1=1",
      '99999999999999999.6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    ];
    for (const text of texts) expect(parseCursor(Buffer.from(text).toString('base64url'))).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void parseCursor(text)));
  });
});
