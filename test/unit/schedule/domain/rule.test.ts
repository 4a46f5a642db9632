import { describe, expect, it } from '@jest/globals';
import { faultOfTimes } from '../../../../src/modules/schedule/domain/rule.js';
import type { Rule } from '../../../../src/schema/schedule.entity.js';
import { timesOf } from './times.js';

const daily: Rule = { kind: 'daily', at: '02:30' };

describe('faultOfTimes', () => {
  it('finds nothing wrong with what can be planned', () => {
    for (const rule of [
      daily,
      { kind: 'daily', at: '23:59:59' },
      { kind: 'once', at: '2026-10-25T02:30' },
      { kind: 'weekly', at: '00:00', days: ['mon', 'sun'] },
      { kind: 'cron', expression: '*/30 9-17 * * 1-5' },
    ] satisfies Rule[]) {
      expect([rule, faultOfTimes(timesOf(rule))]).toEqual([rule, null]);
    }
    expect(faultOfTimes(timesOf({ kind: 'daily', at: '08:00', every: 2 }, { firstDate: '2026-01-01' }))).toBeNull();
    expect(faultOfTimes(timesOf({ kind: 'daily', at: '20:00' }, { until: '08:00' }))).toBeNull();
  });

  it('refuses times that no clock shows, and dates that no calendar has', () => {
    for (const at of ['24:00', '2:30', '02:60', '2026-10-25T02:30', '', '02:30:60'])
      expect([at, faultOfTimes(timesOf({ kind: 'daily', at }))]).toEqual([at, expect.stringContaining('02:30')]);
    for (const at of ['2026-02-30T02:30', '02:30', '2026-10-25', '2026-10-25T25:00', '2026-10-25T02:30Z', 'T'])
      expect([at, faultOfTimes(timesOf({ kind: 'once', at }))]).toEqual([at, expect.stringContaining('2026-10-25')]);
  });

  it('refuses cron expressions with seconds, with words, and those that cannot be read', () => {
    for (const expression of ['* * * * * *', '@daily', '61 * * * *', 'x', '', '* * * *', '*  * * * *'])
      expect([expression, faultOfTimes(timesOf({ kind: 'cron', expression }))]).toEqual([
        expression,
        expect.any(String),
      ]);
  });

  it('refuses what says its end twice, or not at all, or more than twelve hours later', () => {
    expect(faultOfTimes(timesOf(daily, { until: '04:00', durationSec: 60 }))).toContain('either');
    expect(faultOfTimes(timesOf(daily, { until: null, durationSec: null }))).toContain('either');
    expect(faultOfTimes(timesOf(daily, { until: '14:30' }))).toBeNull();
    expect(faultOfTimes(timesOf(daily, { until: '14:31' }))).toContain('12 hours');
    expect(faultOfTimes(timesOf(daily, { until: '02:30' }))).toContain('12 hours');
    expect(faultOfTimes(timesOf({ kind: 'cron', expression: '0 9 * * *' }, { until: '10:00' }))).toContain(
      'durationSec',
    );
  });

  it('refuses a step of days that begins nowhere, a week without a day, and dates in the wrong order', () => {
    expect(faultOfTimes(timesOf({ kind: 'daily', at: '08:00', every: 2 }))).toContain('firstDate');
    expect(faultOfTimes(timesOf({ kind: 'weekly', at: '08:00', days: [] }))).toContain('day of the week');
    expect(faultOfTimes(timesOf(daily, { firstDate: '2026-02-02', lastDate: '2026-02-01' }))).toContain('lastDate');
  });
});
