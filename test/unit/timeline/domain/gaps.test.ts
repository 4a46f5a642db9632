import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  explainHoles,
  type FootageGap,
  type Reasons,
  wasRecorded,
} from '../../../../src/modules/timeline/domain/gaps.js';
import { GAP_CAUSES, type Span } from '../../../../src/schema/ledger.js';
import { REMOVAL_CAUSES } from '../../../../src/schema/footage.entity.js';

const ALWAYS = [{ startMs: -1_000_000, endMs: 100_000_000 }];
const LATER = 100_000_000;
const span = (startMs: number, endMs: number) => ({ startMs, endMs });
const explain = (holes: Span[], reasons: Partial<Reasons> = {}) =>
  explainHoles(holes, { removals: [], periods: ALWAYS, interruptions: [], nowMs: LATER, ...reasons }).map(
    ({ startMs, endMs, cause }) => [startMs, endMs, cause],
  );

describe('why there is no footage', () => {
  it('is unknown where nobody says why', () => {
    expect(explain([span(0, 10_000)])).toEqual([[0, 10_000, 'unknown']]);
  });

  it('is that nobody wanted it, outside the periods, to the millisecond', () => {
    expect(explain([span(0, 10_000)], { periods: [span(2_000, 5_000), span(7_000, 9_000)] })).toEqual([
      [0, 2_000, 'not_wanted'],
      [2_000, 5_000, 'unknown'],
      [5_000, 7_000, 'not_wanted'],
      [7_000, 9_000, 'unknown'],
      [9_000, 10_000, 'not_wanted'],
    ]);
  });

  it('is that it was not kept, whatever else held at that time', () => {
    const removals = [{ ...span(3_000, 6_000), cause: 'retention' as const }];
    const interruptions = [{ ...span(0, 10_000), cause: 'camera_lost' as const }];
    expect(explain([span(0, 10_000)], { removals, interruptions, periods: [span(0, 8_000)] })).toEqual([
      [0, 3_000, 'camera_lost'],
      [3_000, 6_000, 'retention'],
      [6_000, 8_000, 'camera_lost'],
      [8_000, 10_000, 'not_wanted'],
    ]);
  });

  it('is the loss of the camera and not its new start, where both are told', () => {
    const interruptions = [
      { ...span(0, 9_000), cause: 'camera_starting' as const },
      { ...span(0, 5_000), cause: 'camera_unreachable' as const },
    ];
    expect(explain([span(0, 9_000)], { interruptions })).toEqual([
      [0, 5_000, 'camera_unreachable'],
      [5_000, 9_000, 'camera_starting'],
    ]);
  });

  it('has no slivers beside an interruption, and a second without a reason stays one', () => {
    const interruptions = [{ ...span(10, 5_000), cause: 'stalled' as const }];
    expect(explain([span(0, 5_030)], { interruptions })).toEqual([[0, 5_030, 'stalled']]);
    expect(explain([span(0, 6_000)], { interruptions })).toEqual([
      [0, 5_000, 'stalled'],
      [5_000, 6_000, 'unknown'],
    ]);
  });

  it('is that it has not come yet, at the end of what was recorded by now', () => {
    expect(explain([span(0, 10_000)], { nowMs: 10_000 })).toEqual([[0, 10_000, 'not_yet']]);
    expect(explain([span(0, 10_000)], { nowMs: 10_001 })).toEqual([[0, 10_000, 'unknown']]);
    expect(explain([span(0, 600_000)], { nowMs: 600_000 })).toEqual([[0, 600_000, 'unknown']]);
  });

  it('was recorded once for just the causes of removals', () => {
    expect(REMOVAL_CAUSES.every(wasRecorded)).toBe(true);
    expect([...GAP_CAUSES, 'not_wanted' as const, 'not_yet' as const].some(wasRecorded)).toBe(false);
  });

  it('is told of every millisecond once, in order, and of none but those of the holes', () => {
    const at = fc.integer({ min: 0, max: 30_000 });
    const spans = fc.array(
      fc.tuple(at, fc.integer({ min: 1, max: 9_000 })).map(([from, ms]) => span(from, from + ms)),
      { maxLength: 6 },
    );
    const caused = <T extends string>(causes: readonly T[]) =>
      fc.array(
        fc
          .tuple(at, fc.integer({ min: 0, max: 9_000 }), fc.constantFrom(...causes))
          .map(([from, ms, cause]) => ({ ...span(from, from + ms), cause })),
        { maxLength: 6 },
      );
    const holes = spans.map((all) => {
      const sorted = [...all].sort((a, b) => a.startMs - b.startMs);
      return sorted.filter(
        ({ startMs }, index) => index === 0 || startMs > Math.max(...sorted.slice(0, index).map(({ endMs }) => endMs)),
      );
    });
    fc.assert(
      fc.property(
        holes,
        caused(REMOVAL_CAUSES),
        spans,
        caused(GAP_CAUSES),
        at,
        (wanted, removals, periods, interruptions, nowMs) => {
          const gaps: FootageGap[] = explainHoles(wanted, { removals, periods, interruptions, nowMs });
          const inHoles = wanted.map((hole) =>
            gaps.filter(({ startMs }) => startMs >= hole.startMs && startMs < hole.endMs),
          );
          expect(inHoles.flat()).toEqual(gaps);
          for (const [index, hole] of wanted.entries()) {
            const edges = inHoles[index]!.flatMap(({ startMs, endMs }) => [startMs, endMs]);
            expect(edges.filter((_, edge) => edge % 2 === 0)).toEqual([
              hole.startMs,
              ...edges.filter((_, edge) => edge % 2 === 1).slice(0, -1),
            ]);
            expect(edges.at(-1)).toBe(hole.endMs);
          }
        },
      ),
    );
  });
});
