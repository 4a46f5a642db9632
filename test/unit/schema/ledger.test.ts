import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  buildLedger,
  type CausedSpan,
  GAP_CAUSES,
  type FootageSpan,
  SEAM_STEPS,
  type Span,
} from '../../../src/schema/ledger.js';

const T = Date.parse('2026-01-31T12:00:00.000Z');
const STEP_MS = 40;
const at = (startMs: number, endMs: number, stepMs = STEP_MS): FootageSpan => ({
  ...{ startMs: T + startMs, endMs: T + endMs },
  ...{ firstStepMs: stepMs, lastStepMs: stepMs },
});
const because = (cause: CausedSpan['cause'], startMs: number, endMs: number) => ({ ...at(startMs, endMs), cause });
const gapsOf = (...input: Parameters<typeof buildLedger>) =>
  buildLedger(...input).gaps.map(({ startAt, endAt, cause }) => [
    Date.parse(startAt) - T,
    Date.parse(endAt) - T,
    cause,
  ]);

const instant = fc.double({ min: T, max: T + 60_000, noNaN: true });
const span = fc.tuple(instant, fc.double({ min: 0, max: 20_000, noNaN: true })).map(([startMs, lengthMs]) => ({
  startMs,
  endMs: startMs + lengthMs,
  ...{ firstStepMs: STEP_MS, lastStepMs: STEP_MS },
}));
const caused = fc.tuple(span, fc.constantFrom(...GAP_CAUSES)).map(([each, cause]) => ({ ...each, cause }));

describe('buildLedger', () => {
  it('balances to the millisecond, whatever comes in', () => {
    fc.assert(
      fc.property(span, fc.array(span), fc.array(caused), (range, footage, interruptions) => {
        const { expectedMs, storedMs, gaps } = buildLedger(range, footage, interruptions);
        const missing = gaps.map(({ startAt, endAt }) => Date.parse(endAt) - Date.parse(startAt));
        expect(storedMs + missing.reduce((sum, ms) => sum + ms, 0)).toBe(expectedMs);
        expect(expectedMs).toBe(Math.round(range.endMs) - Math.round(range.startMs));
        expect(storedMs).toBeGreaterThanOrEqual(0);
        expect(missing.every((ms) => ms > 0)).toBe(true);
      }),
    );
  });

  it('has a gap wherever no footage is, and nowhere else', () => {
    fc.assert(
      fc.property(span, fc.array(span, { minLength: 1 }), (range, footage) => {
        const gaps = gapsOf(range, footage, []).map(([from, to]) => ({
          startMs: T + Number(from),
          endMs: T + Number(to),
        }));
        for (let ms = Math.ceil(range.startMs) + 1; ms < range.endMs - 1; ms += 97) {
          const inGap = gaps.some(({ startMs, endMs }) => ms >= startMs && ms < endMs);
          const covered = footage.some(({ startMs, endMs }) => ms >= startMs - 1 && ms <= endMs + 1);
          if (inGap) expect(footage.some(({ startMs, endMs }) => ms > startMs + 1 && ms < endMs - 1)).toBe(false);
          else if (!covered) expect(nearestMs(ms, footage, range)).toBeLessThanOrEqual(STEP_MS * SEAM_STEPS + 2);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('counts everything as missing when there is no footage, however short it is', () => {
    expect(buildLedger(at(0, 150), [], [because('disk_full', 0, 150)])).toEqual({
      expectedMs: 150,
      storedMs: 0,
      gaps: [{ startAt: '2026-01-31T12:00:00.000Z', endAt: '2026-01-31T12:00:00.150Z', cause: 'disk_full' }],
    });
    expect(buildLedger(at(0, 0), [], [])).toEqual({ expectedMs: 0, storedMs: 0, gaps: [] });
  });

  it.each([40, 33.4, 200])(
    'takes the seam between frames %d ms apart for footage, and a missing frame for a gap',
    (step) => {
      const seam = (holeMs: number) => gapsOf(at(0, 2_000), [at(0, 900, step), at(900 + holeMs, 2_000, step)], []);
      expect(seam(step)).toEqual([]);
      expect(seam(Math.floor(step * 1.5))).toEqual([]);
      expect(seam(step * 2)).toEqual([[900, 900 + Math.round(step * 2), 'unknown']]);
    },
  );

  it('judges the edges of the range by the footage next to them', () => {
    expect(gapsOf(at(0, 2_000), [at(50, 1_950)], [])).toEqual([]);
    expect(gapsOf(at(0, 2_000), [at(80, 1_920)], [])).toEqual([
      [0, 80, 'unknown'],
      [1_920, 2_000, 'unknown'],
    ]);
    expect(gapsOf(at(0, 2_000), [at(80, 1_920, 200)], [])).toEqual([]);
  });

  it('ignores footage outside the range, and overlaps', () => {
    expect(gapsOf(at(0, 3_000), [at(-5_000, 1_000), at(500, 3_000), at(4_000, 9_000)], [])).toEqual([]);
  });

  it('gives a gap the cause that lasted longest in it', () => {
    const causes = [because('camera_lost', 900, 1_200), because('camera_unreachable', 1_200, 4_800)];
    expect(gapsOf(at(0, 9_000), [at(0, 1_000), at(5_000, 9_000)], causes)).toEqual([
      [1_000, 5_000, 'camera_unreachable'],
    ]);
  });

  it('blames the start of a camera only when nothing else happened', () => {
    const start = because('camera_starting', 1_100, 4_000);
    const stopped = because('service_stopped', 1_000, 1_100);
    expect(gapsOf(at(0, 9_000), [at(0, 1_000), at(4_000, 9_000)], [start, stopped])).toEqual([
      [1_000, 4_000, 'service_stopped'],
    ]);
    expect(gapsOf(at(1_200, 9_000), [at(4_000, 9_000)], [start, stopped])).toEqual([[1_200, 4_000, 'camera_starting']]);
  });
});

function nearestMs(ms: number, footage: Span[], range: Span): number {
  const edges = [...footage.flatMap(({ startMs, endMs }) => [startMs, endMs]), range.startMs, range.endMs];
  return Math.min(...edges.map((edge) => Math.abs(edge - ms)));
}
