const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer ones say nothing. */
const MAX_LENGTH = 100;
const OFFSET = String.raw`[+-]?\d{1,3}(?::\d{1,2}){0,2}`;
const NAME = String.raw`<[^>]+>|[a-z]+`;
/** https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html, TZ, the first of its formats. */
const POSIX = new RegExp(
  String.raw`^(?:${NAME})(${OFFSET})(?:(${NAME})(${OFFSET})?(?:,(M[\d.]+(?:/[^,]+)?),(M[\d.]+(?:/[^,]+)?))?(,.*)?)?$`,
  'i',
);

/**
 * How far local time is ahead of UTC, by the TZ text of a device.
 * @param tz POSIX (`CST-8`, `EST5EDT,M3.2.0,M11.1.0`), a name of the time zone database, or one with an offset in it (`(GMT+08:00) Beijing`)
 * @param localMs the device's wall clock, counted as if it were UTC
 * @param dst what the device says of daylight saving; it decides where the text has no rules
 * @returns milliseconds, positive east of Greenwich; undefined when the text cannot be read
 */
export function offsetOfTz(tz: string, localMs: number, dst: boolean): number | undefined {
  const posix = POSIX.exec(tz.trim().slice(0, MAX_LENGTH));
  if (posix) return posixOffset(posix, localMs, dst);
  return zoneOffset(tz.trim(), localMs) ?? writtenOffset(tz.trim().slice(0, MAX_LENGTH));
}

/** Absent parts of the text are undefined. */
type PosixParts = readonly (string | undefined)[];

function posixOffset([, std = '', dstName, dstOffset, begin, end]: PosixParts, localMs: number, dst: boolean): number {
  // POSIX counts west of Greenwich.
  const standardMs = -offsetMs(std);
  if (dstName === undefined) return standardMs;
  const summerMs = dstOffset === undefined ? standardMs + HOUR_MS : -offsetMs(dstOffset);
  const active = begin && end ? isBetween(localMs, ruleMs(begin, localMs), ruleMs(end, localMs)) : dst;
  return active ? summerMs : standardMs;
}

/** South of the equator summer begins in one year and ends in the next. */
function isBetween(at: number, begin: number, end: number): boolean {
  return begin <= end ? at >= begin && at < end : at >= begin || at < end;
}

/** `Mm.w.d/time`: day d (0 is Sunday) of the week w (5 is the last) of the month m, in the year of `localMs`. */
function ruleMs(rule: string, localMs: number): number {
  const [date = '', time = '2'] = rule.split('/');
  const [month = 1, week = 1, day = 0] = date.slice(1).split('.').map(Number);
  const year = new Date(localMs).getUTCFullYear();
  const first = Date.UTC(year, month - 1, 1);
  const firstMatch = first + (((day - new Date(first).getUTCDay() + 7) % 7) + (week - 1) * 7) * DAY_MS;
  const nextMonth = Date.UTC(year, month, 1);
  return (firstMatch >= nextMonth ? firstMatch - 7 * DAY_MS : firstMatch) + offsetMs(time);
}

function zoneOffset(timeZone: string, localMs: number): number | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(localMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    return name === 'GMT' ? 0 : writtenOffset(name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** An offset as people write it: east is plus. */
function writtenOffset(text: string): number | undefined {
  const parts = /(?:^|GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?/i.exec(text);
  if (!parts) return undefined;
  const ms = (Number(parts[2]) * 60 + Number(parts[3] ?? 0)) * 60_000;
  return parts[1] === '-' ? -ms : ms;
}

/** `[+-]hh[:mm[:ss]]`. */
function offsetMs(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[+-]/, '').split(':').map(Number);
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return text.startsWith('-') ? -ms : ms;
}
