import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatCursor, parseCursor } from '../../../src/modules/playback/domain/list-cursor.js';

const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('a list cursor', () => {
  it('comes back as it was, to the millisecond, and needs no escaping in a URL', () => {
    const instants = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, fc.uuid(), fc.nat(), (createdAt, id, total) => {
        const text = formatCursor({ createdAt, id, total });
        expect(parseCursor(text)).toEqual({ createdAt, id, total });
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['plain words', 'page-2'],
    ['an id alone', encoded(ID)],
    ['a bad id', encoded('1769860800000.nonsense.3')],
    ['no total', encoded(`1769860800000.${ID}`)],
    ['a negative instant', encoded(`-1.${ID}.3`)],
    ['an instant that no calendar has', encoded(`999999999999999.${ID}.3`)],
    ['leading zeros', encoded(`0001.${ID}.3`)],
    ['something behind it', encoded(`1769860800000.${ID}.3.4`)],
    ['characters that decoding would skip', `${formatCursor({ createdAt: new Date(0), id: ID, total: 1 })}!`],
    ['padding', `${encoded(`1769860800000.${ID}.3`)}=`],
  ])('is refused when it is %s', (_what, text) => {
    expect(parseCursor(text)).toBeNull();
  });

  it('is refused, never thrown at, whatever is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseCursor(text)).toBeNull()));
  });
});
