import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatSegmentName, type SegmentKind } from '../../../../src/modules/footage/domain/segment-name.js';
import {
  describeSegment,
  type SealedSegment,
  SegmentTable,
} from '../../../../src/modules/footage/domain/segment-table.js';

function sealed(number: number, digits = 9, kind: SegmentKind = 'mp4'): SealedSegment {
  return {
    ...{ segment: formatSegmentName(number, digits, kind), sizeBytes: number * 1_000 },
    ...{ startMs: number * 10_000.5, leanMs: 40, lastStartMs: number * 10_000.5 + 9_000, lastDurationMs: 1_000.25 },
  };
}

const listOf = (table: SegmentTable) => Array.from({ length: table.length }, (_, index) => table.at(index));

describe('the table of sealed segments', () => {
  it('gives back what was put in, whatever is removed, and finds it by its name', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 2_000_000 }), { maxLength: 80 });
    fc.assert(
      fc.property(
        numbers,
        fc.array(fc.nat(79)),
        fc.constantFrom(6, 9),
        fc.constantFrom<SegmentKind>('mp4', 'm4s'),
        (unsorted, gone, digits, kind) => {
          const segments = unsorted.sort((a, b) => a - b).map((number) => sealed(number, digits, kind));
          const table = SegmentTable.of(segments);
          expect(listOf(table)).toEqual(segments);
          const removed = gone.flatMap((index) => segments[index]?.segment ?? []);
          table.remove([...removed, '000000000.m4s', 'no segment']);
          const left = segments.filter(({ segment }) => !removed.includes(segment));
          expect(listOf(table)).toEqual(left);
          expect([...table.names()]).toEqual(left.map(({ segment }) => segment));
          expect(left.map(({ segment }) => table.indexOf(segment))).toEqual(left.map((_, index) => index));
          for (const segment of removed) expect(table.indexOf(segment)).toBe(-1);
          table.push(sealed(3_000_000));
          expect(table.at(left.length)).toEqual(sealed(3_000_000));
        },
      ),
    );
  });

  it('does not take a name with other digits, or another ending, for the same segment', () => {
    const table = SegmentTable.of([sealed(1, 6, 'm4s')]);
    expect(['000001.m4s', '000000001.m4s', '000001.mp4'].map((name) => table.indexOf(name))).toEqual([0, -1, -1]);
  });

  it('puts another descriptor in the place of one', () => {
    const table = SegmentTable.of([sealed(1), sealed(2), sealed(3)]);
    const shorter = { ...sealed(2), sizeBytes: 7 };
    table.replace(shorter);
    expect(listOf(table)).toEqual([sealed(1), shorter, sealed(3)]);
  });

  it('takes 56 bytes for a segment and little more, and gives room back when segments go', () => {
    const table = SegmentTable.of(Array.from({ length: 8_192 }, (_, index) => sealed(index + 1)));
    expect(table.memoryBytes).toBeGreaterThanOrEqual(8_192 * 56);
    expect(table.memoryBytes).toBeLessThan(8_192 * 56 * 1.26);
    table.remove([...table.names()].slice(0, 8_000));
    expect(table.memoryBytes).toBeLessThan(8_192 * 56 * 0.1);
    expect(table.at(0)).toEqual(sealed(8_001));
  });
});

describe('the descriptor of a segment', () => {
  it('has the start of the first fragment and the end of the last one; without fragments there is none', () => {
    const timings = [
      { startMs: 5, durationMs: 10, leanMs: 3 },
      { startMs: 15, durationMs: 10 },
      { startMs: 25, durationMs: 12 },
    ];
    expect(describeSegment('000000001.m4s', timings, 99)).toEqual({
      ...{ segment: '000000001.m4s', sizeBytes: 99 },
      ...{ startMs: 5, leanMs: 3, lastStartMs: 25, lastDurationMs: 12 },
    });
    expect(describeSegment('000000001.m4s', [], 0)).toBeNull();
  });
});
