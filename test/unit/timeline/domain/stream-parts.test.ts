import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clip, showFootage } from '../../../../src/modules/archive/domain/coverage.js';
import {
  formatPartName,
  type GroupedSegment,
  JOINING,
  parsePartName,
  partAt,
  planParts,
} from '../../../../src/modules/timeline/domain/stream-parts.js';

const KEY = '1761300000000-abcdef01';
const GOP_BYTES = 100;

/** A segment with a key frame every `gopMs`. */
function segment(
  number: number,
  startMs: number,
  gops: number,
  fields: Partial<GroupedSegment> & { gopMs?: number } = {},
): GroupedSegment {
  const { gopMs = 1_000, ...others } = fields;
  return {
    ...{ captureKey: KEY, number, firstNumber: number, lastNumber: number, isOpen: false },
    ...{ startMs, endMs: startMs + gops * gopMs, firstStepMs: 40, lastStepMs: 40 },
    gops: Array.from({ length: gops }, (_, at) => ({
      ...{ offset: 500 + at * GOP_BYTES, sizeBytes: GOP_BYTES, startMs: at * gopMs, durationMs: gopMs },
    })),
    ...others,
  };
}

const timesOf = (
  segments: GroupedSegment[],
  range = { startMs: 0, endMs: 1_000_000 },
  joining: Parameters<typeof planParts>[2] = JOINING.whole,
) => planParts(segments, range, joining).map(({ parts }) => parts.map(({ part }) => [part.startMs, part.endMs]));

describe('what is played of a range', () => {
  it('is whole groups, joined to about six seconds where their bytes are in a row', () => {
    expect(timesOf([segment(1, 0, 15), segment(2, 15_000, 4)])).toEqual([
      [
        [0, 6_000],
        [6_000, 12_000],
        [12_000, 15_000],
        [15_000, 19_000],
      ],
    ]);
    const [{ parts }] = planParts([segment(1, 0, 15)], { startMs: 0, endMs: 9_000 }, JOINING.whole) as [
      ReturnType<typeof planParts>[number],
    ];
    expect(parts.map(({ part }) => [part.offset, part.sizeBytes])).toEqual([
      [500, 600],
      [1_100, 300],
    ]);
  });

  it('begins with the group that holds the first instant, and ends with the one that holds the last', () => {
    const all = [segment(1, 0, 10)];
    expect(timesOf(all, { startMs: 2_000, endMs: 4_000 })).toEqual([[[2_000, 4_000]]]);
    expect(timesOf(all, { startMs: 1_999, endMs: 4_001 })).toEqual([[[1_000, 5_000]]]);
    expect(timesOf(all, { startMs: 9_999, endMs: 10_000 })).toEqual([[[9_000, 10_000]]]);
    expect(timesOf(all, { startMs: 10_000, endMs: 20_000 })).toEqual([]);
  });

  it('is a run for each capture and each gap, and none for a seam', () => {
    const other = { captureKey: '1761300000001-abcdef01' };
    expect(
      timesOf([segment(1, 0, 2), segment(2, 2_030, 2), segment(4, 5_000, 2), segment(1, 7_000, 2, other)]),
    ).toEqual([
      [
        [0, 2_030],
        [2_030, 4_030],
      ],
      [[5_000, 7_000]],
      [[7_000, 9_000]],
    ]);
  });

  it('shows no group twice where two captures overlap, but for the one in which they meet', () => {
    const other = segment(1, 3_500, 10, { captureKey: '1761300000001-abcdef01' });
    expect(timesOf([segment(1, 0, 5), other])).toEqual([
      [[0, 5_000]],
      [
        [4_500, 10_500],
        [10_500, 13_500],
      ],
    ]);
  });

  it('grows without a change of what was listed, while segments are written, closed and get their rows', () => {
    const shapes = fc.array(
      fc.record({ gops: fc.integer({ min: 1, max: 8 }), gopMs: fc.constantFrom(500, 1_000, 2_000, 4_000) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: -1_000, max: 20_000 }),
        fc.integer({ min: -1, max: 1 }),
        (of, fromMs, roundedMs) => {
          // Just there it is a matter of rounding whether a group belongs to it; nobody asks for it.
          fc.pre(Math.abs(((fromMs + 50 + 250) % 500) - 250) > 1);
          let listed: string[] = [];
          let startMs = 0;
          const closed: GroupedSegment[] = [];
          const look = (segments: GroupedSegment[]) => {
            const now = planParts(segments, { startMs: fromMs, endMs: Infinity }, JOINING.live).flatMap(
              ({ captureKey, parts }) => parts.map(({ part }) => `${captureKey} ${formatPartName(part)}`),
            );
            expect(now.slice(0, listed.length)).toEqual(listed);
            listed = now;
          };
          for (const [index, { gops, gopMs }] of of.entries()) {
            for (let written = 1; written <= gops; written += 1) {
              look([...closed, segment(index + 1, startMs, written, { gopMs, isOpen: true })]);
            }
            const whole = segment(index + 1, startMs, gops, { gopMs });
            look([...closed, whole]);
            // Its row is rounded in its own way.
            closed.push({ ...whole, endMs: whole.endMs + roundedMs });
            look(closed);
            startMs = whole.endMs;
          }
        },
      ),
    );
  });

  it('covers what is shown, to the millisecond where it begins and ends with a group', () => {
    const shapes = fc.array(
      fc.record({ gops: fc.integer({ min: 1, max: 9 }), holeMs: fc.constantFrom(0, 0, 30, 70, 5_000) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(shapes, (of) => {
        let startMs = 0;
        const segments = of.map(({ gops, holeMs }, index) => {
          const made = segment(index + 1, startMs, gops);
          startMs = made.endMs + holeMs;
          return made;
        });
        const range = { startMs: 0, endMs: startMs };
        const played = planParts(segments, range, JOINING.whole).flatMap(({ parts }) =>
          parts.map(({ part }) => part.endMs - part.startMs),
        );
        const shown = clip(showFootage(segments), range).map(({ shownFromMs, shownToMs }) => shownToMs - shownFromMs);
        const sum = (all: number[]) => all.reduce((ms, each) => ms + each, 0);
        expect(sum(played)).toBe(sum(shown));
      }),
    );
  });
});

describe('the name of a part', () => {
  it('says where its bytes lie, and is read back', () => {
    const part = { captureKey: KEY, number: 12, offset: 1_256, sizeBytes: 6_000_000 };
    expect(formatPartName(part)).toBe(`${KEY}-12-1256-6000000`);
    expect(parsePartName(formatPartName(part))).toEqual(part);
    for (const bad of [
      '',
      KEY,
      `${KEY}-0-1-1`,
      `${KEY}-01-1-1`,
      `${KEY}-1-1-0`,
      `${KEY}-999999999999-1-1`,
      `../${KEY}-1-1-1`,
      `${KEY}-1-1-1x`,
    ]) {
      expect(parsePartName(bad)).toBeNull();
    }
  });

  it('names whole groups of its segment alone', () => {
    const within = segment(1, 10_000, 5);
    expect(partAt(within, { offset: 600, sizeBytes: 200 })).toMatchObject({ startMs: 11_000, endMs: 13_000 });
    for (const [offset, sizeBytes] of [
      [0, 600],
      [600, 150],
      [550, 150],
      [600, 1_000],
    ] as const) {
      expect(partAt(within, { offset, sizeBytes })).toBeNull();
    }
  });
});
