import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  buildGroups,
  type Counts,
  fillDates,
  type GapSum,
  type Group,
  type GroupKey,
  successRateOf,
  type Sums,
  sumUp,
} from '../../../src/modules/statistics/domain/groups.js';
import { GAP_CAUSES } from '../../../src/schema/ledger.js';

const NOTHING: Counts = { recordings: 0, completed: 0, failed: 0, storedMs: 0, bytes: 0 };
const key = (date: string | null, cameraId: string | null = null): GroupKey => ({ date, cameraId });
const counts = (of: GroupKey, recordings: number) => ({ ...of, ...NOTHING, recordings });
const gap = (of: GroupKey, cause: GapSum['cause'], count: number, ms: number) => ({ ...of, cause, count, ms });

const natural = fc.nat({ max: 1_000_000_000 });
const gapSum = fc.record({ cause: fc.constantFrom(...GAP_CAUSES), count: natural, ms: natural });
const sums: fc.Arbitrary<Sums> = fc.record({
  ...{ recordings: natural, completed: natural, failed: natural, storedMs: natural, bytes: natural },
  gaps: fc.array(gapSum),
});

describe('buildGroups', () => {
  it('puts each gap to its day and its camera', () => {
    const [monday, tuesday] = [key('2026-10-26', 'a'), key('2026-10-27', 'a')];
    const other = key('2026-10-26', 'b');
    const groups = buildGroups(
      [counts(monday, 3), counts(tuesday, 1), counts(other, 2)],
      [gap(other, 'stalled', 1, 5), gap(monday, 'camera_lost', 2, 70), gap(monday, 'no_pre_roll', 1, 900)],
    );
    expect(groups).toEqual([
      {
        ...counts(monday, 3),
        gaps: [
          { cause: 'no_pre_roll', count: 1, ms: 900 },
          { cause: 'camera_lost', count: 2, ms: 70 },
        ],
      },
      { ...counts(tuesday, 1), gaps: [] },
      { ...counts(other, 2), gaps: [{ cause: 'stalled', count: 1, ms: 5 }] },
    ]);
  });
});

describe('fillDates', () => {
  it('has every date once, in order, with zeros where nothing was recorded', () => {
    const group: Group = { ...counts(key('2026-10-26'), 4), gaps: [] };
    const nothing = { cameraId: null, ...NOTHING, gaps: [] };
    expect(fillDates([group], ['2026-10-25', '2026-10-26', '2026-10-27'])).toEqual([
      { date: '2026-10-25', ...nothing },
      group,
      { date: '2026-10-27', ...nothing },
    ]);
  });
});

describe('sumUp', () => {
  it('is the same however the groups are cut', () => {
    fc.assert(
      fc.property(fc.array(sums), fc.array(sums), (some, others) => {
        expect(sumUp([sumUp(some), sumUp(others)])).toEqual(sumUp([...some, ...others]));
      }),
    );
  });

  it('loses no gap, and names each cause once, the longest first', () => {
    fc.assert(
      fc.property(fc.array(sums), (groups) => {
        const { gaps } = sumUp(groups);
        const total = (list: readonly GapSum[], field: 'count' | 'ms') =>
          list.reduce((sum, one) => sum + one[field], 0);
        const all = groups.flatMap((group) => group.gaps);
        expect([total(gaps, 'count'), total(gaps, 'ms')]).toEqual([total(all, 'count'), total(all, 'ms')]);
        expect(new Set(gaps.map(({ cause }) => cause)).size).toBe(gaps.length);
        expect(gaps.map(({ ms }) => ms)).toEqual(gaps.map(({ ms }) => ms).sort((a, b) => b - a));
      }),
    );
  });
});

describe('successRateOf', () => {
  it('is about what has ended, and unknown while nothing has', () => {
    expect(successRateOf({ completed: 3, failed: 1 })).toBe(0.75);
    expect(successRateOf({ completed: 0, failed: 2 })).toBe(0);
    expect(successRateOf({ completed: 0, failed: 0 })).toBeNull();
  });
});
