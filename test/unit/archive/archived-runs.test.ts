import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeRuns, type ReadSegment } from '../../../src/modules/archive/domain/archived-runs.js';
import { selectFootage } from '../../../src/modules/footage/domain/footage.js';

const T = 1_800_000_000_000;
const SEGMENT_MS = 3_000;

/** Three fragments of a second each. */
function segmentOf(captureKey: string, number: number, clock: ReadSegment['tail']['clock']): ReadSegment {
  const entries = [0, 1, 2].map((index) => ({
    fragment: {
      ...{ offset: 300 + index * 100, moofBytes: 10, sizeBytes: 100, frames: 25, isSync: true },
      ...{ startMs: (number - 1) * SEGMENT_MS + index * 1_000, durationMs: 1_000 },
      longStills: [{ startMs: (number - 1) * SEGMENT_MS + index * 1_000, durationMs: 500 }],
    },
  }));
  return { key: `${captureKey}/${number}`, captureKey, number, tail: { clock, entries } };
}

describe('segments of the archive', () => {
  it('are put together as far as none is missing, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 12 })), {
          selector: ([key, number]) => `${key}${number}`,
          minLength: 1,
        }),
        (names) => {
          const clock = { epochMs: T, anchors: [] };
          const runs = placeRuns(names.map(([key, number]) => segmentOf(key, number, clock)));
          const placed = runs.flatMap(({ fragments }) => fragments.map(({ segment }) => segment));
          expect(new Set(placed)).toEqual(new Set(names.map(([key, number]) => `${key}/${number}`)));
          expect(placed).toHaveLength(names.length * 3);
          expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
          for (const { fragments } of runs)
            for (const [index, { startMs }] of fragments.slice(1).entries())
              expect(startMs).toBe(fragments[index]!.startMs + 1_000);
          const has = new Set(names.map(([key, number]) => `${key}${number}`));
          const beginnings = names.filter(([key, number]) => !has.has(`${key}${number - 1}`));
          expect(runs).toHaveLength(beginnings.length);
        },
      ),
    );
  });

  it('stand where the clock of each tail has them, on the clock of the first', () => {
    const [run, ...others] = placeRuns([
      segmentOf('a', 1, { epochMs: T, anchors: [] }),
      segmentOf('a', 2, { epochMs: T + 40, anchors: [{ fromMs: 3_000, addMs: 7 }] }),
    ]);
    expect(others).toEqual([]);
    expect(run!.epochMs).toBe(T);
    expect(run!.fragments.map(({ startMs }) => startMs)).toEqual([0, 1_000, 2_000, 3_047, 4_047, 5_047]);
    expect(run!.fragments.at(-1)!.longStills).toEqual([{ startMs: 5_047, durationMs: 500 }]);
  });

  it('are taken as those of a log: from a key frame on, half-open', () => {
    const runs = placeRuns([1, 2, 4].map((number) => segmentOf('a', number, { epochMs: T, anchors: [] })));
    const captures = runs.map((run) => ({ ...run, captureId: run.id, configDigest: 'x' }));
    const takes = selectFootage(captures, { startMs: T + 2_500, endMs: T + 10_000 });
    expect(takes.map(({ span }) => [span.startMs - T, span.endMs - T])).toEqual([
      [2_000, 6_000],
      [9_000, 10_000],
    ]);
  });
});
