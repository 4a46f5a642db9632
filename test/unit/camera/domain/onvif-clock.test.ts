import { describe, expect, it } from '@jest/globals';
import { readDeviceClock } from '../../../../src/modules/camera/domain/onvif-clock.js';
import { offsetOfTz } from '../../../../src/modules/camera/domain/posix-tz.js';
import { parseXml } from '../../../../src/modules/camera/domain/xml.js';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 6, 15, 10, 0, 0);

function dateTime(name: string, ms: number): string {
  const at = new Date(ms);
  return (
    `<${name}><Time><Hour>${at.getUTCHours()}</Hour><Minute>${at.getUTCMinutes()}</Minute><Second>${at.getUTCSeconds()}</Second></Time>` +
    `<Date><Year>${at.getUTCFullYear()}</Year><Month>${at.getUTCMonth() + 1}</Month><Day>${at.getUTCDate()}</Day></Date></${name}>`
  );
}

function clock(inside: string, dateHeader?: string): number | undefined {
  const response = parseXml(`<R><SystemDateAndTime>${inside}</SystemDateAndTime></R>`)?.children[0];
  return readDeviceClock(response, { nowMs: NOW_MS, dateHeader });
}

const tz = (text: string, dst = false) =>
  `<DaylightSavings>${dst}</DaylightSavings><TimeZone><TZ>${text}</TZ></TimeZone>`;
const local = (aheadMs: number) => dateTime('LocalDateTime', NOW_MS + aheadMs);
const header = (aheadMs: number) => new Date(NOW_MS + aheadMs).toUTCString();

describe('readDeviceClock', () => {
  it('believes UTCDateTime, however far it is from our clock', () => {
    for (const ms of [0, NOW_MS, NOW_MS + 10 * 24 * HOUR_MS, Date.UTC(9998, 0, 1)]) {
      expect(clock(tz('CST-8') + dateTime('UTCDateTime', ms) + local(3 * HOUR_MS), header(0))).toBe(ms);
    }
  });

  it.each([
    ['CST-8', 8],
    ['CST-8:00:00', 8],
    ['<+08>-8', 8],
    ['EST5', -5],
    ['IST-5:30', 5.5],
    ['UTC', 0],
    ['UTC0', 0],
    ['Asia/Shanghai', 8],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 2],
    ['(GMT+08:00) Beijing', 8],
    // Written the wrong way round, as many devices do.
    ['GMT+08:00', 8],
    ['CST+8', 8],
    ['UTC-5', -5],
  ])('takes LocalDateTime by the TZ %s', (text, hours) => {
    expect(clock(tz(text) + local(hours * HOUR_MS))).toBe(NOW_MS);
    // A clock that is far off still has its zone.
    if (/^(CST-8|EST5|IST|UTC$)/.test(text)) {
      const off = 9 * 24 * HOUR_MS;
      expect(clock(tz(text) + local(hours * HOUR_MS + off))).toBe(NOW_MS + off);
    }
  });

  it('concludes the offset of LocalDateTime without a usable TZ from our clock', () => {
    for (const zone of ['', tz(''), tz('China Standard Time')]) {
      for (const hours of [-12, -3.5, 0, 5.75, 8, 14]) {
        expect(clock(zone + local(hours * HOUR_MS + 120_000))).toBe(NOW_MS + 120_000);
      }
      const far = 40 * 24 * HOUR_MS;
      expect(clock(zone + local(far))).toBe(NOW_MS + far);
      expect(clock(zone + local(far), header(far - 8 * HOUR_MS))).toBe(NOW_MS + far - 8 * HOUR_MS);
    }
  });

  it.each([
    '',
    '<UTCDateTime/>',
    '<UTCDateTime><Time/><Date/></UTCDateTime>',
    '<UTCDateTime><Time><Hour>25</Hour><Minute>0</Minute></Time><Date><Year>2026</Year><Month>1</Month><Day>1</Day></Date></UTCDateTime>',
    '<UTCDateTime><Date><Year>2026</Year><Month>1</Month><Day>1</Day></Date></UTCDateTime>',
    '<UTCDateTime><Time><Hour>1</Hour><Minute>0</Minute></Time><Date><Year>0</Year><Month>0</Month><Day>0</Day></Date></UTCDateTime>',
    '<UTCDateTime><Time><Hour>1</Hour><Minute>0</Minute></Time><Date><Year>99999999</Year><Month>1</Month><Day>1</Day></Date></UTCDateTime>',
  ])('falls back where no time is told: %s', (inside) => {
    expect(clock(inside)).toBeUndefined();
    expect(clock(inside, 'yesterday')).toBeUndefined();
    expect(clock(inside, header(9 * 24 * HOUR_MS))).toBe(NOW_MS + 9 * 24 * HOUR_MS);
    // Local time that calls itself GMT.
    expect(clock(inside, header(8 * HOUR_MS))).toBeUndefined();
    expect(clock(inside + local(8 * HOUR_MS) + tz('CST-8'))).toBe(NOW_MS);
  });

  it('does without seconds', () => {
    const whole = dateTime('UTCDateTime', NOW_MS).replace('<Second>0</Second>', '');
    expect(clock(whole)).toBe(NOW_MS);
    expect(readDeviceClock(undefined, { nowMs: NOW_MS, dateHeader: undefined })).toBeUndefined();
  });
});

describe('offsetOfTz', () => {
  const hours = (text: string, local: number, dst = false) => (offsetOfTz(text, local, dst) ?? NaN) / HOUR_MS;
  const [winter, summer] = [Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 15)];

  it('follows the rules of daylight saving, north and south', () => {
    const berlin = 'CET-1CEST,M3.5.0,M10.5.0/3';
    expect([hours(berlin, winter, true), hours(berlin, summer)]).toEqual([1, 2]);
    const sydney = 'AEST-10AEDT,M10.1.0,M4.1.0/3';
    expect([hours(sydney, winter), hours(sydney, summer)]).toEqual([11, 10]);
    // 29 March 2026 is the last Sunday: 2 o'clock becomes 3.
    const [before, after] = [Date.UTC(2026, 2, 29, 1, 59), Date.UTC(2026, 2, 29, 3)];
    expect([hours(berlin, before), hours(berlin, after)]).toEqual([1, 2]);
  });

  it('asks the device where there are no rules', () => {
    expect([hours('EST5EDT', summer, false), hours('EST5EDT', summer, true)]).toEqual([-5, -4]);
    expect(hours('XXX3YYY1', summer, true)).toBe(-1);
  });

  it.each(['', '?', 'nowhere', 'a'.repeat(100_000), '<'.repeat(100_000), '-'.repeat(100_000)])(
    'cannot read %.20j',
    (text) => {
      expect(offsetOfTz(text, winter, false)).toBeUndefined();
    },
  );
});
