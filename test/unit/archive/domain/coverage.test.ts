import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  clip,
  holesIn,
  MAX_SEAM_MS,
  type Piece,
  showFootage,
} from '../../../../src/modules/archive/domain/coverage.js';
import type { Span } from '../../../../src/schema/ledger.js';

const piece = (captureKey: string, number: number, startMs: number, endMs: number, stepMs = 40): Piece => ({
  ...{ captureKey, firstNumber: number, lastNumber: number, startMs, endMs },
  ...{ firstStepMs: stepMs, lastStepMs: stepMs },
});
const shownOf = (pieces: Piece[]) =>
  showFootage(pieces).map(({ captureKey, shownFromMs, shownToMs }) => [captureKey, shownFromMs, shownToMs]);
const lengthOf = (spans: Span[]) => spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);

/** Captures of segments with seams, holes and overlaps, on and around one another. */
const pieces = fc
  .array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 60_000 }),
      stepMs: fc.constantFrom(20, 40, 1_000, 20_000),
      parts: fc.array(
        fc.record({
          lengthMs: fc.integer({ min: 1, max: 9_000 }),
          holeMs: fc.oneof(fc.integer({ min: -30, max: 120 }), fc.integer({ min: 0, max: 12_000 })),
          skipped: fc.integer({ min: 0, max: 1 }),
        }),
        { maxLength: 8 },
      ),
    }),
    { maxLength: 4 },
  )
  .map((captures) =>
    captures.flatMap(({ atMs, stepMs, parts }, index) => {
      let [startMs, number] = [atMs, 0];
      return parts.map(({ lengthMs, holeMs, skipped }) => {
        number += 1 + skipped;
        const made = piece(`${index}`, number, startMs, startMs + lengthMs, stepMs);
        startMs += lengthMs + holeMs;
        return made;
      });
    }),
  );
const range = fc
  .tuple(fc.integer({ min: -5_000, max: 90_000 }), fc.integer({ min: 0, max: 50_000 }))
  .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }));

describe('what is shown of footage', () => {
  it('goes on over a seam of less than a picture and a half, and not over a hole', () => {
    expect(shownOf([piece('a', 1, 0, 1_000), piece('b', 1, 1_061, 2_000)])).toEqual([
      ['a', 0, 1_061],
      ['b', 1_061, 2_000],
    ]);
    expect(shownOf([piece('a', 1, 0, 1_000), piece('b', 1, 1_062, 2_000)])[0]).toEqual(['a', 0, 1_000]);
  });

  it('measures a seam by the slower of both rates, up to a limit', () => {
    const slow = piece('b', 1, 2_501, 9_000, 1_000);
    expect(shownOf([piece('a', 1, 0, 1_000), slow])[0]).toEqual(['a', 0, 2_501]);
    const still = piece('b', 1, 1_000 + MAX_SEAM_MS + 1, 90_000, 60_000);
    expect(shownOf([piece('a', 1, 0, 1_000), still])[0]).toEqual(['a', 0, 1_000]);
  });

  it('lets segments of one capture lie as far apart as its clock is followed in one step', () => {
    expect(shownOf([piece('a', 1, 0, 1_000, 10), piece('a', 2, 1_051, 2_000, 10)])[0]).toEqual(['a', 0, 1_051]);
    expect(shownOf([piece('a', 1, 0, 1_000, 10), piece('a', 3, 1_051, 2_000, 10)])[0]).toEqual(['a', 0, 1_000]);
  });

  it('has nothing twice: the capture that began first goes on, and the other one begins at its end', () => {
    const first = [piece('a', 1, 0, 1_000), piece('a', 2, 1_030, 2_000)];
    const second = [piece('b', 1, 500, 1_500), piece('b', 2, 1_500, 3_000)];
    expect(shownOf([...second, ...first])).toEqual([
      ['a', 0, 1_030],
      ['a', 1_030, 2_000],
      ['b', 2_000, 3_000],
    ]);
  });

  it('and the holes are the whole of any range, to the millisecond', () => {
    fc.assert(
      fc.property(pieces, range, (all, within) => {
        const shown = showFootage(all);
        const covered = clip(shown, within).map(({ shownFromMs, shownToMs }) => ({
          startMs: shownFromMs,
          endMs: shownToMs,
        }));
        const holes = holesIn(shown, within);
        expect(lengthOf(covered) + lengthOf(holes)).toBe(within.endMs - within.startMs);
        const inOrder = [...covered, ...holes].sort((a, b) => a.startMs - b.startMs);
        let atMs = within.startMs;
        for (const { startMs, endMs } of inOrder) {
          expect(startMs).toBe(atMs);
          expect(endMs).toBeGreaterThan(startMs);
          atMs = endMs;
        }
        expect(atMs).toBe(within.endMs);
      }),
    );
  });

  it('covers every instant that a picture was taken at, and none that is not within a seam of one', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: -10, max: 90_000 }), (all, atMs) => {
        const isShown = holesIn(showFootage(all), { startMs: atMs, endMs: atMs + 1 }).length === 0;
        const isIn = ({ startMs, endMs }: Piece) => startMs <= atMs && atMs < endMs;
        if (all.some(isIn)) expect(isShown).toBe(true);
        else if (isShown) expect(all.some(({ endMs }) => endMs <= atMs && atMs < endMs + MAX_SEAM_MS)).toBe(true);
      }),
    );
  });

  it('is found one millisecond before, at and behind every edge, from whichever side it is asked', () => {
    fc.assert(
      fc.property(pieces, (all) => {
        const shown = showFootage(all);
        const edges = all.flatMap(({ startMs, endMs }) => [startMs, endMs]).flatMap((ms) => [ms - 1, ms, ms + 1]);
        const whole = { startMs: Math.min(...edges, 0), endMs: Math.max(...edges, 1) };
        for (const atMs of edges.filter((ms) => ms >= whole.startMs && ms <= whole.endMs)) {
          const halves = [
            { startMs: whole.startMs, endMs: atMs },
            { startMs: atMs, endMs: whole.endMs },
          ];
          const inHalves = halves.flatMap((half) => holesIn(shown, half));
          expect(lengthOf(inHalves)).toBe(lengthOf(holesIn(shown, whole)));
        }
      }),
    );
  });
});
