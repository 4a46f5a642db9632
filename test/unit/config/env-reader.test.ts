import { describe, expect, it } from '@jest/globals';
import { EnvReader } from '../../../src/config/env-reader.js';

describe('EnvReader', () => {
  it('trims values and takes empty ones for unset', () => {
    const reader = new EnvReader({ A: '  x ', B: '', C: '   ' });
    expect([reader.optional('A'), reader.optional('B'), reader.optional('C'), reader.optional('D')]).toEqual([
      'x',
      undefined,
      undefined,
      undefined,
    ]);
    expect(reader.text('B', 'fallback')).toBe('fallback');
  });

  it('accepts whole numbers inside the range, both ends included', () => {
    const reader = new EnvReader({ LOW: '1', HIGH: '9' });
    expect([
      reader.int('LOW', 5, { min: 1, max: 9 }),
      reader.int('HIGH', 5, { min: 1, max: 9 }),
      reader.int('NONE', 5, { min: 1, max: 9 }),
    ]).toEqual([1, 9, 5]);
    expect(reader.faults).toEqual([]);
  });

  it.each(['0', '10', '1.5', 'x', 'NaN', 'Infinity', '1 2'])(
    'refuses the number "%s" and goes on with the fallback',
    (value) => {
      const reader = new EnvReader({ N: value });
      expect(reader.int('N', 5, { min: 1, max: 9 })).toBe(5);
      expect(reader.faults).toEqual([`N must be a whole number from 1 to 9, not "${value}"`]);
    },
  );

  it('accepts one of the named values only, case included', () => {
    const reader = new EnvReader({ GOOD: 'r2', BAD: 'R2' });
    expect(reader.oneOf('GOOD', ['local', 'r2'], 'local')).toBe('r2');
    expect(reader.oneOf('BAD', ['local', 'r2'], 'local')).toBe('local');
    expect(reader.faults).toEqual(['BAD must be one of local, r2, not "R2"']);
  });

  it('takes the slashes off the end of a URL and refuses other schemes', () => {
    const reader = new EnvReader({ GOOD: 'https://x.example/base//', BAD: 'file:///etc/passwd', WORSE: 'nonsense' });
    expect([reader.url('GOOD'), reader.url('BAD'), reader.url('WORSE')]).toEqual([
      'https://x.example/base',
      undefined,
      undefined,
    ]);
    expect(reader.faults).toEqual(['BAD must be an http(s) URL', 'WORSE must be an http(s) URL']);
  });

  it('splits lists at commas and drops empty items', () => {
    const reader = new EnvReader({ L: ' a, b ,,c ', E: '' });
    expect(reader.list('L')).toEqual(['a', 'b', 'c']);
    expect(reader.list('E')).toBeUndefined();
  });
});
