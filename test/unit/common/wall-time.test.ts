import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { instantsOf, wallOf } from '../../../src/common/wall-time.js';

const iso = (ms: number) => new Date(ms).toISOString();
const shown = (wall: string, timeZone: string) => {
  const { is, firstMs, lastMs } = instantsOf(wall, timeZone);
  return [is, iso(firstMs), iso(lastMs)];
};

describe('instantsOf', () => {
  it('finds the one instant of an ordinary time', () => {
    expect(shown('2026-07-01T02:30', 'Europe/Berlin')).toEqual([
      'once',
      '2026-07-01T00:30:00.000Z',
      '2026-07-01T00:30:00.000Z',
    ]);
    expect(shown('2026-07-01T12:00:30', 'Asia/Kathmandu')[1]).toBe('2026-07-01T06:15:30.000Z');
  });

  it('takes the first instant after a gap for a time that the clocks skip', () => {
    for (const wall of ['2026-03-29T02:00', '2026-03-29T02:30', '2026-03-29T02:59:59']) {
      expect(shown(wall, 'Europe/Berlin')).toEqual(['skipped', '2026-03-29T01:00:00.000Z', '2026-03-29T01:00:00.000Z']);
    }
    expect(shown('2026-03-29T03:00', 'Europe/Berlin')[0]).toBe('once');
    expect(shown('2026-10-04T02:15', 'Australia/Lord_Howe')).toEqual([
      'skipped',
      '2026-10-03T15:30:00.000Z',
      '2026-10-03T15:30:00.000Z',
    ]);
    expect(shown('2026-09-06T00:00', 'America/Santiago')[1]).toBe('2026-09-06T04:00:00.000Z');
    expect(shown('2011-12-30T12:00', 'Pacific/Apia')[1]).toBe('2011-12-30T10:00:00.000Z');
    expect(shown('2026-03-29T01:30', 'Antarctica/Troll')[1]).toBe('2026-03-29T01:00:00.000Z');
  });

  it('finds both instants of a time that the clocks show twice', () => {
    expect(shown('2026-10-25T02:30', 'Europe/Berlin')).toEqual([
      'twice',
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ]);
    expect(shown('2026-04-05T01:45', 'Australia/Lord_Howe')).toEqual([
      'twice',
      '2026-04-04T14:45:00.000Z',
      '2026-04-04T15:15:00.000Z',
    ]);
    // Ramadan: Casablanca gives up its hour for a month.
    expect(shown('2026-02-15T02:30', 'Africa/Casablanca')[0]).toBe('twice');
  });

  it('agrees with Temporal in every zone, around each change from 2020 to 2037', () => {
    const wrong: string[] = [];
    for (const timeZone of Intl.supportedValuesOf('timeZone')) {
      let at = Temporal.Instant.from('2020-01-01T00:00Z').toZonedDateTimeISO(timeZone);
      for (;;) {
        const change = at.getTimeZoneTransition('next');
        if (!change || change.year > 2037) break;
        at = change;
        for (const minutes of [-31, -1, 0, 29, 90]) {
          const wall = change.add({ minutes }).toPlainDateTime();
          const [first, last] = (['earlier', 'later'] as const).map((disambiguation) =>
            wall.toZonedDateTime(timeZone, { disambiguation }),
          ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
          const exists = first.toPlainDateTime().equals(wall);
          const expected = exists ? [first, last] : [change, change];
          const { firstMs, lastMs } = instantsOf(wall.toString().slice(0, 19), timeZone);
          if (firstMs !== expected[0]!.epochMilliseconds || lastMs !== expected[1]!.epochMilliseconds)
            wrong.push(`${timeZone} ${wall.toString()}`);
          if (wallOf(firstMs, timeZone) !== expected[0]!.toPlainDateTime().toString({ smallestUnit: 'second' }))
            wrong.push(`${timeZone} shows ${wall.toString()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
