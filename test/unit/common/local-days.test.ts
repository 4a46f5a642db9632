import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  countDates,
  dateOf,
  isCalendarDate,
  isTimeZone,
  type LocalDay,
  localDays,
} from '../../../src/common/local-days.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ZONES = Intl.supportedValuesOf('timeZone');
/** Half hours, missing midnights, Ramadan, two hours at once, quarter hours, changes of law. */
const DIFFICULT = [
  ...['Australia/Lord_Howe', 'America/Santiago', 'Africa/Casablanca', 'Africa/Cairo', 'Asia/Beirut', 'Asia/Gaza'],
  ...['Antarctica/Troll', 'Antarctica/Casey', 'America/Nuuk', 'America/Havana', 'Pacific/Chatham', 'Asia/Kathmandu'],
];

const instants = (days: readonly LocalDay[]) =>
  days.map(({ date, startMs, endMs }) => [date, new Date(startMs).toISOString(), (endMs - startMs) / HOUR_MS]);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What ICU's own formatter shows on a clock of a zone: another way to the same rules. */
function clockOf(timeZone: string): (ms: number) => string {
  const digits = '2-digit';
  const format =
    clocks.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: digits, day: digits });
  clocks.set(timeZone, format);
  return (ms) => format.format(ms);
}

/** The dates of UTC before which, by ICU's formatter, the offset of a zone changes from 2020 to 2037. */
function changesOf(timeZone: string): string[] {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (day: number) =>
    format.formatToParts(day * DAY_MS).find(({ type }) => type === 'timeZoneName')!.value;
  // Two changes are further apart than this: the shortest pause of summer time is a Ramadan.
  const stepDays = 14;
  const [first, last] = [Date.UTC(2020, 0) / DAY_MS, Date.UTC(2038, 0) / DAY_MS];
  const changes: number[] = [];
  let offset = offsetAt(first);
  for (let day = first + stepDays; day < last; day += stepDays) {
    if (offsetAt(day) === offset) continue;
    let [before, after] = [day - stepDays, day];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    changes.push(after);
    offset = offsetAt(day);
  }
  return changes.map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
}

/** What is wrong with the days of a zone, each border judged by a clock of it. */
function faultsOf(timeZone: string, fromDate: string, toDate: string): string[] {
  const days = localDays(fromDate, toDate, timeZone);
  const shown = clockOf(timeZone);
  const faults = days.flatMap(({ date, startMs, endMs }, index) => {
    const next = days[index + 1];
    return [
      ...(startMs < endMs ? [] : ['is empty']),
      ...(shown(startMs) === date ? [] : [`begins on ${shown(startMs)}`]),
      ...(shown(startMs - 1) < date ? [] : [`has begun before ${new Date(startMs).toISOString()}`]),
      ...(shown(endMs - 1) === date ? [] : [`ends on ${shown(endMs - 1)}`]),
      ...(next === undefined || next.startMs === endMs ? [] : ['is not followed at once']),
      ...(next === undefined || next.date > date ? [] : ['is followed by an earlier date']),
    ].map((fault) => `${timeZone} ${date} ${fault}`);
  });
  const elapsedMs = days.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const isWhole = days.length === countDates(fromDate, toDate) && elapsedMs === days.at(-1)!.endMs - days[0]!.startMs;
  return isWhole ? faults : [...faults, `${timeZone} has ${days.length} days of ${elapsedMs / HOUR_MS} hours`];
}

describe('isTimeZone', () => {
  it('takes every zone of the process, and its other names', () => {
    expect(ZONES.length).toBeGreaterThan(400);
    expect(ZONES.filter((name) => !isTimeZone(name))).toEqual([]);
    const links = ['UTC', 'Etc/UTC', 'Etc/GMT+5', 'Asia/Kolkata', 'Europe/Kyiv', 'US/Pacific', 'europe/berlin'];
    expect(links.filter((name) => !isTimeZone(name))).toEqual([]);
  });

  it('refuses offsets, abbreviations, and what no zone is called', () => {
    const offsets = ['+02:00', '-0500', '+02', 'UTC+2', 'GMT+2', 'Z'];
    const abbreviations = ['EST', 'CET', 'PST8PDT', 'GMT', 'IST', 'BST'];
    const none = [
      '',
      ' ',
      'Europe',
      'Europe/',
      '/Berlin',
      'Europe/Berlin ',
      'Europe/Bärlin',
      'Mars/Olympus',
      'Etc/Unknown',
    ];
    const hostile = ['../../etc/passwd', 'Europe/../Europe/Berlin', "Europe/Berlin'--", `Europe/${'x'.repeat(10_000)}`];
    expect([...offsets, ...abbreviations, ...none, ...hostile].filter(isTimeZone)).toEqual([]);
  });
});

describe('isCalendarDate', () => {
  it('takes the dates that there are, and no others', () => {
    const number = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1960, max: 2210 }), fc.integer({ min: 0, max: 13 }), number, (year, month, day) => {
        const text = [String(year), ...[month, day].map((each) => String(each).padStart(2, '0'))].join('-');
        const instant = new Date(Date.UTC(year, month - 1, day));
        const exists = instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day && month > 0;
        expect([text, isCalendarDate(text)]).toEqual([text, exists && year >= 1970 && year <= 2200]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes one spelling only', () => {
    const others = ['', '2026', '2026-10', '2026-1-1', '20261001', '2026-10-01T00:00:00Z', '2026-10-01Z', '26-10-01'];
    const odd = [
      ' 2026-10-01',
      '2026-10-01\n',
      '+002026-10-01',
      '-2026-10-01',
      '2026-10-01[u-ca=gregory]',
      '٢٠٢٦-١٠-٠١',
    ];
    expect([...others, ...odd].filter(isCalendarDate)).toEqual([]);
  });
});

describe('localDays', () => {
  it('gives days of 23 and 25 hours where clocks change', () => {
    expect(instants(localDays('2026-03-28', '2026-03-31', 'Europe/Berlin'))).toEqual([
      ['2026-03-28', '2026-03-27T23:00:00.000Z', 24],
      ['2026-03-29', '2026-03-28T23:00:00.000Z', 23],
      ['2026-03-30', '2026-03-29T22:00:00.000Z', 24],
    ]);
    expect(instants(localDays('2026-10-25', '2026-10-26', 'Europe/Berlin'))).toEqual([
      ['2026-10-25', '2026-10-24T22:00:00.000Z', 25],
    ]);
  });

  it('gives days of half and quarter hours', () => {
    const hoursOf = (date: string, zone: string) => instants(localDays(date, addDays(date, 1), zone))[0]!.slice(1);
    expect(hoursOf('2026-10-04', 'Australia/Lord_Howe')).toEqual(['2026-10-03T13:30:00.000Z', 23.5]);
    expect(hoursOf('2026-04-05', 'Australia/Lord_Howe')).toEqual(['2026-04-04T13:00:00.000Z', 24.5]);
    expect(hoursOf('2026-04-05', 'Asia/Kathmandu')).toEqual(['2026-04-04T18:15:00.000Z', 24]);
  });

  it.each([
    ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00.000Z'],
    ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00.000Z'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z'],
  ])('begins the day in %s whose midnight is missing with the first instant that it has', (zone, date, start) => {
    expect(instants(localDays(date, addDays(date, 1), zone))).toEqual([[date, start, 23]]);
    expect(dateOf(Date.parse(start) - 1, zone)).toBe(addDays(date, -1));
  });

  it('leaves out a date that a zone has left out', () => {
    expect(instants(localDays('2011-12-29', '2012-01-01', 'Pacific/Apia'))).toEqual([
      ['2011-12-29', '2011-12-29T10:00:00.000Z', 24],
      ['2011-12-31', '2011-12-30T10:00:00.000Z', 24],
    ]);
    expect(localDays('2011-12-30', '2011-12-31', 'Pacific/Apia')).toEqual([]);
  });

  it('lets a day begin once where clocks are set back over midnight', () => {
    // At 00:01 it was 23:01 of the day before again.
    const [before, day] = localDays('2010-11-06', '2010-11-08', 'America/St_Johns') as [LocalDay, LocalDay];
    expect(instants([before, day])).toEqual([
      ['2010-11-06', '2010-11-06T02:30:00.000Z', 24],
      ['2010-11-07', '2010-11-07T02:30:00.000Z', 25],
    ]);
    const again = Date.parse('2010-11-07T02:45:00Z');
    expect([clockOf('America/St_Johns')(again), dateOf(again, 'America/St_Johns')]).toEqual([
      '2010-11-06',
      '2010-11-07',
    ]);
  });

  it('gives none where the end is not later than the start', () => {
    expect(localDays('2026-10-01', '2026-10-01', 'UTC')).toEqual([]);
    expect(localDays('2026-10-02', '2026-10-01', 'UTC')).toEqual([]);
  });

  it('cuts the time of every zone into days as its clocks show them, around each change from 2020 to 2037', () => {
    const changes = ZONES.flatMap((zone) => changesOf(zone).map((date) => ({ zone, date })));
    expect(changes.length).toBeGreaterThan(3_000);
    expect(changes.flatMap(({ zone, date }) => faultsOf(zone, addDays(date, -3), addDays(date, 3)))).toEqual([]);
  });

  it('does so in the difficult zones on every day of those years', () => {
    expect(DIFFICULT.flatMap((zone) => faultsOf(zone, '2020-01-01', '2038-01-01'))).toEqual([]);
  });

  it('does so far from any change, in every zone', () => {
    expect(ZONES.flatMap((zone) => faultsOf(zone, '2026-01-10', '2026-01-20'))).toEqual([]);
  });
});

describe('dateOf', () => {
  it('is the date of the day that holds the instant, in every zone', () => {
    const ms = fc.integer({ min: Date.UTC(2012, 0), max: Date.UTC(2038, 0) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), ms, (zone, instant) => {
        const date = dateOf(instant, zone);
        const [day] = localDays(date, addDays(date, 1), zone) as [LocalDay];
        expect(day.startMs <= instant && instant < day.endMs).toBe(true);
        expect(date).toBe(clockOf(zone)(instant));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('addDays and countDates', () => {
  it('undo each other', () => {
    const day = fc.integer({ min: 0, max: 84_000 }).map((days) => new Date(days * DAY_MS).toISOString().slice(0, 10));
    fc.assert(
      fc.property(day, fc.integer({ min: -800, max: 800 }), (date, days) => {
        expect(countDates(date, addDays(date, days))).toBe(days);
        expect(Date.parse(addDays(date, days))).toBe(Date.parse(date) + days * DAY_MS);
      }),
    );
  });
});
