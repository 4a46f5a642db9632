import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import type { ScheduleTimes } from '../../../../src/modules/schedule/domain/rule.js';
import type { Rule } from '../../../../src/schema/schedule.entity.js';
import { type PlannedWindow, planWindows } from '../../../../src/modules/schedule/domain/window-plan.js';
import { timesOf } from './times.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ALL = { max: 100_000 };

const plan = (times: ScheduleTimes, from: string, to: string) =>
  planWindows(times, { fromMs: Date.parse(from), toMs: Date.parse(to), ...ALL });
const shown = (windows: readonly PlannedWindow[]) =>
  windows.map(({ wallKey, startMs, endMs }) => [
    wallKey,
    new Date(startMs).toISOString().slice(0, 16),
    (endMs - startMs) / MINUTE_MS,
  ]);
const daily = (at: string, fields: Partial<ScheduleTimes> = {}) => timesOf({ kind: 'daily', at }, fields);
const cron = (expression: string, fields: Partial<ScheduleTimes> = {}) => timesOf({ kind: 'cron', expression }, fields);

describe('planWindows where clocks change', () => {
  it('begins what would begin in a gap at the first instant after it, and says so', () => {
    const windows = plan(daily('02:30'), '2026-03-28T00:00Z', '2026-03-31T00:00Z');
    expect(shown(windows)).toEqual([
      ['2026-03-28T02:30', '2026-03-28T01:30', 60],
      ['2026-03-29T02:30', '2026-03-29T01:00', 60],
      ['2026-03-30T02:30', '2026-03-30T00:30', 60],
    ]);
    expect(windows.map(({ note }) => note)).toEqual([
      null,
      'The clocks skip 2026-03-29T02:30: it begins at 03:00.',
      null,
    ]);
  });

  it('lasts from the earlier start to the later end where a time comes twice', () => {
    const night = daily('01:00', { until: '04:00' });
    expect(shown(plan(night, '2026-03-28T12:00Z', '2026-03-29T12:00Z'))).toEqual([
      ['2026-03-29T01:00', '2026-03-29T00:00', 120],
    ]);
    expect(shown(plan(night, '2026-10-24T12:00Z', '2026-10-25T12:00Z'))).toEqual([
      ['2026-10-25T01:00', '2026-10-24T23:00', 240],
    ]);
    const inside = daily('02:15', { until: '02:45' });
    expect(shown(plan(inside, '2026-10-24T12:00Z', '2026-10-25T12:00Z'))).toEqual([
      ['2026-10-25T02:15', '2026-10-25T00:15', 90],
    ]);
    expect(shown(plan(inside, '2026-03-28T12:00Z', '2026-03-29T12:00Z'))).toEqual([
      ['2026-03-29T02:15', '2026-03-29T01:00', 30],
    ]);
  });

  it('knows half hours, quarter hours, missing midnights, missing dates and two hours at once', () => {
    const first = (timeZone: string, at: string, from: string) =>
      shown(plan(daily(at, { timeZone }), from, '2030-01-01T00:00Z').slice(0, 1));
    expect(first('Australia/Lord_Howe', '02:15', '2026-10-03T12:00Z')).toEqual([
      ['2026-10-04T02:15', '2026-10-03T15:30', 60],
    ]);
    expect(first('Asia/Kathmandu', '06:00', '2026-01-01T00:00Z')).toEqual([
      ['2026-01-01T06:00', '2026-01-01T00:15', 60],
    ]);
    expect(first('America/Santiago', '00:00', '2026-09-05T12:00Z')).toEqual([
      ['2026-09-06T00:00', '2026-09-06T04:00', 60],
    ]);
    expect(first('Antarctica/Troll', '01:30', '2026-03-29T00:00Z')).toEqual([
      ['2026-03-29T01:30', '2026-03-29T01:00', 60],
    ]);
    const apia = plan(daily('09:00', { timeZone: 'Pacific/Apia' }), '2011-12-29T00:00Z', '2012-01-01T00:00Z');
    expect(apia.map(({ wallKey }) => wallKey)).toEqual(['2011-12-29T09:00', '2011-12-31T09:00', '2012-01-01T09:00']);
  });

  it('lets a cron with a fixed hour fire once, and one of all hours go by the time that passes', () => {
    const fixed = cron('30 2 * * *', { durationSec: 600 });
    expect(shown(plan(fixed, '2026-10-24T12:00Z', '2026-10-26T00:00Z'))).toEqual([
      ['2026-10-25T02:30', '2026-10-25T00:30', 10],
    ]);
    expect(shown(plan(fixed, '2026-03-28T12:00Z', '2026-03-30T00:00Z'))).toEqual([
      ['2026-03-29T03:00', '2026-03-29T01:00', 10],
    ]);
    const half = plan(cron('*/30 * * * *', { durationSec: 600 }), '2026-10-25T00:00Z', '2026-10-25T02:30Z');
    expect(shown(half)).toEqual([
      ['2026-10-25T02:00', '2026-10-25T00:00', 10],
      ['2026-10-25T02:30', '2026-10-25T00:30', 10],
      ['2026-10-25T02:00/2', '2026-10-25T01:00', 10],
      ['2026-10-25T02:30/2', '2026-10-25T01:30', 10],
      ['2026-10-25T03:00', '2026-10-25T02:00', 10],
    ]);
  });

  it('plans each day once and never too little, in every zone around each change from 2020 to 2037', () => {
    const wrong: string[] = [];
    for (const [timeZone, changes] of differentZones()) {
      for (const changeMs of changes) {
        const range = { fromMs: changeMs - 36 * HOUR_MS, toMs: changeMs + 36 * HOUR_MS, ...ALL };
        for (const [at, until] of [
          ['02:15', '02:45'],
          ['00:30', '03:30'],
          ['23:30', '01:30'],
        ] as const) {
          const windows = planWindows(daily(at, { timeZone, until }), range);
          const dates = windows.map(({ wallKey }) => wallKey.slice(0, 10));
          if (new Set(dates).size !== dates.length || dates.length < 2)
            wrong.push(`${timeZone} ${changeMs} ${at} dates`);
          for (const { wallKey, startMs: fromMs, endMs } of windows) {
            const lostMs = askedMs(at, until) - (endMs - fromMs);
            if (endMs <= fromMs || lostMs > longestGapMs(fromMs, endMs, timeZone)) wrong.push(`${timeZone} ${wallKey}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('planWindows', () => {
  it('keeps to weekdays, to first and last dates, to exceptions and to every so many days', () => {
    const rule: Rule = { kind: 'weekly', at: '08:00', days: ['mon', 'fri'] };
    const keys = (times: ScheduleTimes) =>
      plan(times, '2026-01-01T00:00Z', '2026-01-20T00:00Z').map(({ wallKey }) => wallKey.slice(5, 10));
    expect(keys(timesOf(rule))).toEqual(['01-02', '01-05', '01-09', '01-12', '01-16', '01-19']);
    const limits = { firstDate: '2026-01-05', lastDate: '2026-01-16', exceptDates: ['2026-01-09'] };
    expect(keys(timesOf(rule, limits))).toEqual(['01-05', '01-12', '01-16']);
    expect(keys(cron('0 8 * * 1,5', limits))).toEqual(['01-05', '01-12', '01-16']);
    const third = timesOf({ kind: 'daily', at: '23:00', every: 3 }, { firstDate: '2025-12-30' });
    expect(keys(third)).toEqual(['01-02', '01-05', '01-08', '01-11', '01-14', '01-17']);
    expect(keys(timesOf({ kind: 'once', at: '2026-01-07T10:00' }))).toEqual(['01-07']);
  });

  it('gives no more than it is asked for, and none where there is none', () => {
    const scope = { fromMs: Date.parse('2026-01-01'), toMs: Infinity };
    expect(planWindows(daily('08:00'), { ...scope, max: 3 })).toHaveLength(3);
    expect(planWindows(cron('0 0 30 2 *'), { ...scope, max: 3 })).toEqual([]);
    expect(planWindows(daily('08:00', { lastDate: '2025-12-31' }), { ...scope, max: 3 })).toEqual([]);
    expect(planWindows(timesOf({ kind: 'once', at: '2025-12-31T08:00' }), { ...scope, max: 3 })).toEqual([]);
  });

  it('adds the padding to what is recorded, not to when it begins', () => {
    const [window] = plan(daily('08:00', { paddingBeforeSec: 30, paddingAfterSec: 90 }), '2026-01-01', '2026-01-02');
    expect([window!.startMs - window!.recordFromMs, window!.recordToMs - window!.endMs]).toEqual([30_000, 90_000]);
  });

  it('lets an occurrence begin where the one before it ends', () => {
    const windows = plan(cron('*/30 8 * * *', { durationSec: 2_700 }), '2026-01-01', '2026-01-02');
    expect(shown(windows)).toEqual([
      ['2026-01-01T08:00', '2026-01-01T07:00', 45],
      ['2026-01-01T08:30', '2026-01-01T07:45', 30],
    ]);
    expect(windows[1]!.note).toBe('It begins where the one before it ends.');
  });

  it('records all that was asked for, once, however the plan is cut', () => {
    const minutes = fc.integer({ min: 5, max: 59 });
    const seconds = fc.integer({ min: 0, max: 900 });
    fc.assert(
      fc.property(
        minutes,
        fc.integer({ min: 60, max: 14_400 }),
        seconds,
        seconds,
        (step, durationSec, before, after) => {
          const times = cron(`*/${step} * * * *`, { durationSec, paddingBeforeSec: before, paddingAfterSec: after });
          const [from, middle, to] = ['2026-10-24T20:00Z', '2026-10-25T00:47Z', '2026-10-25T04:00Z'] as const;
          const whole = plan(times, from, to);
          expect([...plan(times, from, middle), ...plan(times, middle, to)]).toEqual(whole);
          for (const [index, { recordFromMs, recordToMs }] of whole.entries()) {
            expect(recordToMs).toBeGreaterThan(recordFromMs);
            const next = whole[index + 1];
            if (next) expect(next.recordFromMs).toBeGreaterThanOrEqual(recordToMs);
          }
          const alone = planWindows(
            { ...times, durationSec: 1, paddingBeforeSec: 0, paddingAfterSec: 0 },
            {
              ...{ fromMs: Date.parse(from), toMs: Date.parse(to) - durationSec * 1_000 },
              ...ALL,
            },
          );
          for (const { startMs } of alone) {
            const end = startMs + durationSec * 1_000;
            const firstMs = Math.max(startMs, whole[0]!.recordFromMs);
            let coveredMs = firstMs;
            for (const { recordFromMs, recordToMs } of whole)
              if (recordFromMs <= coveredMs) coveredMs = Math.max(coveredMs, recordToMs);
            expect(coveredMs).toBeGreaterThanOrEqual(end);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

function askedMs(at: string, until: string): number {
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
  const length = minutes(until) - minutes(at);
  return (length > 0 ? length : length + 1_440) * MINUTE_MS;
}

/** How much time of the clock a zone skips between two instants, or just before the first one. */
function longestGapMs(fromMs: number, toMs: number, timeZone: string): number {
  const offsetMs = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).offsetNanoseconds / 1_000_000;
  return Math.max(0, offsetMs(toMs) - offsetMs(fromMs - 1));
}

/** When zones change their clocks from 2020 to 2037; of those that do so alike, one. */
function differentZones(): Map<string, number[]> {
  const zones = new Map<string, [string, number[]]>();
  for (const timeZone of Intl.supportedValuesOf('timeZone')) {
    const changes: number[] = [];
    let at = Temporal.Instant.from('2020-01-01T00:00Z').toZonedDateTimeISO(timeZone);
    let rules = at.offset;
    for (;;) {
      const change = at.getTimeZoneTransition('next');
      if (!change || change.year > 2037) break;
      changes.push(change.epochMilliseconds);
      rules += `${change.epochMilliseconds}${change.offset}`;
      at = change;
    }
    zones.set(rules, [timeZone, changes]);
  }
  return new Map(zones.values());
}
