import { offsetOfTz } from './posix-tz.js';
import { find, textOf, type XmlElement } from './xml.js';

const MINUTE_MS = 60_000;
/** Every zone's offset is a multiple of it. */
const ZONE_STEP_MS = 15 * MINUTE_MS;
const ZONES_MS = { from: -12 * 60 * MINUTE_MS, to: 14 * 60 * MINUTE_MS };
/** Devices with a clock that is kept in step are nearer to ours than this; they refuse a login that is some minutes off. */
const IN_STEP_MS = 5 * MINUTE_MS;

export interface ClockContext {
  nowMs: number;
  /** The `Date` header of the HTTP answer. */
  dateHeader: string | undefined;
}

/**
 * The device's clock in UTC, which its logins are signed with, from a `GetSystemDateAndTimeResponse`:
 * - `UTCDateTime` as it stands.
 * - `LocalDateTime` alone: less the offset of its `TZ`. Many devices write `GMT+8` for what POSIX calls `GMT-8`; the reading that
 *   agrees with our clock counts, the one of POSIX when none does.
 * - `LocalDateTime` without a usable `TZ`: it is assumed that the device is in some time zone and right to a few minutes, so that its
 *   distance to our clock, rounded to a quarter of an hour, is its offset. Further away than any time zone, it has a wrong date: then
 *   the `Date` header counts, and without one the local time is taken for UTC.
 * - No time: the `Date` header, unless it only seems to hold local time; without one, undefined.
 * @returns Unix time in milliseconds; undefined: our clock is as good as any
 */
export function readDeviceClock(response: XmlElement | undefined, context: ClockContext): number | undefined {
  const told = find(response, 'systemdateandtime');
  const utcMs = readDateTime(find(told, 'utcdatetime'));
  if (utcMs !== undefined) return utcMs;
  const headerMs = Date.parse(context.dateHeader ?? '');
  const localMs = readDateTime(find(told, 'localdatetime'));
  if (localMs === undefined) return Number.isNaN(headerMs) || isLocalTime(headerMs, context) ? undefined : headerMs;
  const dst = textOf(find(told, 'daylightsavings')).toLowerCase() === 'true';
  const offset = offsetOfTz(textOf(find(told, 'timezone', 'tz')), localMs, dst);
  if (offset !== undefined) {
    const [posix, inverted] = [localMs - offset, localMs + offset];
    return !isInStep(posix, context) && isInStep(inverted, context) ? inverted : posix;
  }
  const apart = Math.round((localMs - context.nowMs) / ZONE_STEP_MS) * ZONE_STEP_MS;
  if (apart >= ZONES_MS.from && apart <= ZONES_MS.to) return localMs - apart;
  return Number.isNaN(headerMs) ? localMs : headerMs;
}

function isInStep(deviceMs: number, { nowMs }: ClockContext): boolean {
  return Math.abs(deviceMs - nowMs) <= IN_STEP_MS;
}

/** A whole time zone away from us to the minute: local time where the header should hold GMT. */
function isLocalTime(headerMs: number, { nowMs }: ClockContext): boolean {
  const apart = headerMs - nowMs;
  const zone = Math.round(apart / ZONE_STEP_MS) * ZONE_STEP_MS;
  return zone >= ZONES_MS.from && zone <= ZONES_MS.to && Math.abs(apart - zone) <= MINUTE_MS;
}

/** A `tt:DateTime`, counted as if it were UTC; undefined when a part is missing or no date. */
function readDateTime(element: XmlElement | undefined): number | undefined {
  const part = (within: string, name: string, low: number, high: number) => {
    const text = textOf(find(element, within, name));
    const value = Number(text === '' && name === 'second' ? 0 : text || NaN);
    return Number.isInteger(value) && value >= low && value <= high ? value : NaN;
  };
  const [year, month, day] = [
    part('date', 'year', 1970, 9998),
    part('date', 'month', 1, 12),
    part('date', 'day', 1, 31),
  ];
  const [hour, minute] = [part('time', 'hour', 0, 24), part('time', 'minute', 0, 59)];
  const ms = Date.UTC(year, month - 1, day, hour, minute, part('time', 'second', 0, 60));
  return Number.isNaN(ms) ? undefined : ms;
}
