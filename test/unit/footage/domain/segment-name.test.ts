import { describe, expect, it } from '@jest/globals';
import {
  formatSegmentName,
  parseSegmentName,
  sortSegments,
} from '../../../../src/modules/footage/domain/segment-name.js';

describe('the names of segments', () => {
  it('have nine digits, and more where the number has more', () => {
    expect([1, 999_999, 1_000_000, 1_000_000_000].map((number) => formatSegmentName(number))).toEqual([
      '000000001.mp4',
      '000999999.mp4',
      '001000000.mp4',
      '1000000000.mp4',
    ]);
  });

  it('may have the digits and the ending that an earlier version gave them', () => {
    expect([1, 1_000_000].map((number) => formatSegmentName(number, 6, 'm4s'))).toEqual(['000001.m4s', '1000000.m4s']);
  });

  it('are read with any number of digits; other files are no segments', () => {
    expect(['000001.m4s', '1000000.m4s', '000000042.mp4'].map(parseSegmentName)).toEqual([1, 1_000_000, 42]);
    for (const name of ['init.mp4', 'capture.json', '1.mp4.tmp', '-1.mp4', 'a.m4s', '.mp4', `${'9'.repeat(16)}.mp4`]) {
      expect(parseSegmentName(name)).toBeNull();
    }
  });

  it('stand in the order of their numbers, old names too', () => {
    const names = ['1000000.m4s', '999999.m4s', 'init.mp4', '1000001.m4s', '000001.m4s'];
    expect(sortSegments(names)).toEqual(['000001.m4s', '999999.m4s', '1000000.m4s', '1000001.m4s']);
  });
});
