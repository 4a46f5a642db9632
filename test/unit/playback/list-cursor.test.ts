import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatListCursor, parseListCursor } from '../../../src/modules/playback/domain/list-cursor.js';

const CURSOR = formatListCursor({ at: new Date(0), id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', total: 12 });
const [POSITION = ''] = CURSOR.split('.');

describe('a list cursor', () => {
  it('comes back as it was, and needs no escaping in a URL', () => {
    const instants = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, fc.uuid(), fc.nat(), (at, id, total) => {
        const text = formatListCursor({ at, id, total });
        expect(parseListCursor(text)).toEqual({ at, id, total });
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a position alone', POSITION],
    ['a position without a total', `${POSITION}.`],
    ['a total alone', '.12'],
    ['a total that is none', `${POSITION}.-1`],
    ['a total in another spelling', `${POSITION}.012`],
    ['followed by something', `${CURSOR}.1`],
    ['cut', CURSOR.slice(4)],
    ['padded', `${POSITION}=.12`],
  ])('is refused when it is %s', (_what, text) => {
    expect(parseListCursor(text)).toBeNull();
  });

  it('is refused, never thrown at, whatever is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseListCursor(text)).toBeNull()));
  });
});
