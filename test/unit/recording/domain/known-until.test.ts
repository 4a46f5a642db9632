import { describe, expect, it } from '@jest/globals';
import { knownUntil } from '../../../../src/modules/recording/domain/known-until.js';

const span = (startMs: number, endMs: number) => ({ startMs, endMs });

describe('knownUntil', () => {
  it('is where it began when nothing is known from there on', () => {
    expect(knownUntil(1_000, [])).toBe(1_000);
    expect(knownUntil(1_000, [span(0, 900), span(2_000, 3_000)])).toBe(1_000);
  });

  it('goes on from one interruption to the next, whatever their order', () => {
    expect(knownUntil(1_000, [span(2_000, 3_000), span(500, 2_000), span(4_000, 5_000)])).toBe(3_000);
    expect(knownUntil(1_000.4, [span(1_001, 3_000), span(1_500, 2_000)])).toBe(3_000);
  });
});
