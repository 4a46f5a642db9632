import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatContentRange, parseRange } from '../../../../src/modules/storage/domain/byte-range.js';

const ETAG = '"abc"';
const SIZE = 1_000;
const part = (start: number, end: number) => ({ kind: 'part', range: { start, end } });
const parse = (range: string | undefined, size = SIZE, ifRange?: string) => parseRange({ range, ifRange }, size, ETAG);

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-499', 0, 499],
    ['bytes=500-', 500, 999],
    ['bytes=-1', 999, 999],
    ['bytes=-500', 500, 999],
    ['bytes=-5000', 0, 999],
    ['bytes=0-999', 0, 999],
    ['bytes=0-99999', 0, 999],
    ['bytes=990-99999999999999999999999', 990, 999],
    ['Bytes=1-2', 1, 2],
    ['  bytes= 1-2  ', 1, 2],
  ])('%j asks for bytes %i to %i of 1000', (header, start, end) => {
    expect(parse(header)).toEqual(part(start, end));
  });

  it.each(['bytes=1000-', 'bytes=1000-1000', 'bytes=99999999999999999999999-', 'bytes=-0'])(
    '%j cannot be satisfied',
    (header) => {
      expect(parse(header)).toEqual({ kind: 'unsatisfiable' });
    },
  );

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=2-1',
    'bytes=a-b',
    'bytes=1.5-2',
    'bytes=0x1-2',
    'bytes=--5',
    'bytes=-5-',
    'bytes=+1-2',
    'bytes 0-1',
    'lines=0-1',
    'bytes=0-1,5-6',
    'bytes=0-1, -1',
    'bytes=١-٢',
  ])('%j is ignored', (header) => {
    expect(parse(header)).toEqual({ kind: 'whole' });
  });

  it('of an empty body can only be ignored or refused', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
      expect(parse(header, 0)).toEqual({ kind: 'unsatisfiable' });
    }
    expect(parse('nonsense', 0)).toEqual({ kind: 'whole' });
  });

  it('counts with If-Range only for this very tag', () => {
    expect(parse('bytes=1-2', SIZE, '"abc"')).toEqual(part(1, 2));
    expect(parse('bytes=1-2', SIZE, ' "abc" ')).toEqual(part(1, 2));
    for (const other of ['"abd"', 'W/"abc"', 'abc', '', 'Sat, 21 Nov 2026 10:04:16 GMT']) {
      expect(parse('bytes=1-2', SIZE, other)).toEqual({ kind: 'whole' });
    }
    expect(parseRange({ range: 'bytes=1-2', ifRange: 'W/"abc"' }, SIZE, 'W/"abc"')).toEqual({ kind: 'whole' });
    expect(parse('bytes=5000-', SIZE, '"other"')).toEqual({ kind: 'whole' });
  });

  it('never leads outside the body, whatever it holds', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([first, last]) => `bytes=${first}-${last}`),
      fc.stringMatching(/^bytes=[0-9]{0,20}-[0-9]{0,20}$/),
    );
    fc.assert(
      fc.property(anything, fc.nat({ max: 5_000 }), (header, size) => {
        const asked = parse(header, size);
        if (asked.kind !== 'part') return;
        const { start, end } = asked.range;
        expect(Number.isSafeInteger(start) && Number.isSafeInteger(end)).toBe(true);
        expect(0 <= start && start <= end && end < size).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('brings back exactly what a slice of the body would be', () => {
    const body = Array.from({ length: 64 }, (_, index) => index);
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.nat({ max: 100 }), (first, length) => {
        const cut = (header: string): number[] | string => {
          const asked = parse(header, body.length);
          return asked.kind === 'part' ? body.slice(asked.range.start, asked.range.end + 1) : asked.kind;
        };
        const middle = body.slice(first, first + length + 1);
        expect(cut(`bytes=${first}-${first + length}`)).toEqual(middle.length > 0 ? middle : 'unsatisfiable');
        expect(cut(`bytes=${first}-`)).toEqual(first < 64 ? body.slice(first) : 'unsatisfiable');
        expect(cut(`bytes=-${length}`)).toEqual(length > 0 ? body.slice(-length) : 'unsatisfiable');
      }),
    );
  });
});

describe('a Content-Range header', () => {
  it('says what is sent, or how large the body is', () => {
    expect(formatContentRange({ start: 0, end: 9 }, 100)).toBe('bytes 0-9/100');
    expect(formatContentRange(null, 100)).toBe('bytes */100');
  });
});
