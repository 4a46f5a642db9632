import { Temporal } from 'temporal-polyfill';

/**
 * What clocks on a wall show, and which instants they mean: the only file that asks a library. The rules of the zones are those of this
 * process (`process.versions.tz`); PostgreSQL has a list of its own, which may be older or newer, so it is never asked.
 */

/** The version of the list of zones that this process goes by, like `2025c`; a later one is greater as text. */
export const ZONE_DATA_VERSION: string = process.versions.tz ?? '';

/** A stretch of time in which a zone keeps one offset from UTC; half-open, milliseconds since the epoch. */
interface Stretch {
  startMs: number;
  endMs: number;
  offsetMs: number;
}

/**
 * The instants that a wall time means. `once`: one. `skipped`: none, since the clocks are set forward over it; both are then the first instant
 * after the gap. `twice`: the clocks are set back over it; the earlier and the later one.
 */
export interface WallInstants {
  is: 'once' | 'skipped' | 'twice';
  firstMs: number;
  lastMs: number;
}

const DAY_MS = 86_400_000;
/** Asking the library takes some 0.4 ms, and a plan asks thousands of times for the same few stretches. */
const stretches = new Map<string, Stretch[]>();

/** Whether the list of zones has `name`, as a link too. Upper and lower case are not told apart. */
export function isListedZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How many days that month has. @param month from 1 */
export function daysInMonth(year: number, month: number): number {
  return Temporal.PlainDate.from({ year, month, day: 1 }).daysInMonth;
}

/** The date so many days later, or earlier when `days` is below zero. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** How many dates of the calendar there are from `fromDate` up to, not with, `toDate`; below zero when that is earlier. */
export function countDates(fromDate: string, toDate: string): number {
  return Temporal.PlainDate.from(fromDate).until(toDate).days;
}

/** The day of the week of a date: 1 is Monday, 7 is Sunday. */
export function weekdayOf(date: string): number {
  return Temporal.PlainDate.from(date).dayOfWeek;
}

/** The first instant of a date, which is not always midnight; of a date that the zone left out, that of the next one. */
export function startOfDate(date: string, timeZone: string): number {
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds;
}

/** What the clocks of a zone show at an instant, like `2026-10-25T02:30:00`. */
export function wallOf(ms: number, timeZone: string): string {
  return new Date(ms + stretchAt(ms, timeZone).offsetMs).toISOString().slice(0, 19);
}

/**
 * The instants at which the clocks of a zone show a wall time.
 * @param wall like `2026-10-25T02:30` or `2026-10-25T02:30:00`
 * @param timeZone as `isTimeZone` of `local-days` takes it
 */
export function instantsOf(wall: string, timeZone: string): WallInstants {
  const wallMs = Date.parse(`${wall}Z`);
  const found: number[] = [];
  let gapEndMs = NaN;
  // No clock is further than this from UTC.
  for (let at = stretchAt(wallMs - DAY_MS, timeZone); ;) {
    const ms = wallMs - at.offsetMs;
    if (ms >= at.startMs && ms < at.endMs) found.push(ms);
    if (at.endMs > wallMs + DAY_MS) break;
    const next = stretchAt(at.endMs, timeZone);
    if (ms >= next.startMs && wallMs - next.offsetMs < next.startMs) gapEndMs = next.startMs;
    at = next;
  }
  const [firstMs, lastMs = firstMs] = found;
  if (firstMs === undefined || lastMs === undefined) return { is: 'skipped', firstMs: gapEndMs, lastMs: gapEndMs };
  return { is: found.length > 1 ? 'twice' : 'once', firstMs, lastMs };
}

function stretchAt(ms: number, timeZone: string): Stretch {
  const known = stretches.get(timeZone) ?? [];
  stretches.set(timeZone, known);
  const found = known.find(({ startMs, endMs }) => startMs <= ms && ms < endMs);
  if (found) return found;
  const at = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  const stretch = {
    // What is looked for lies before the given instant, and a stretch has its first instant.
    startMs: at.add({ milliseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity,
    endMs: at.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
    offsetMs: at.offsetNanoseconds / 1_000_000,
  };
  known.push(stretch);
  return stretch;
}
