import { Temporal } from 'temporal-polyfill';

/**
 * Dates and time zones, the only place that knows them. Everything else counts in instants. The rules of the zones are those of this
 * process (`process.versions.tz`); PostgreSQL has a list of its own, which may be older or newer, so it is never asked.
 */

/** A date of one time zone as a stretch of time, half-open. It has 23, 24 or 25 hours, or some other length. */
export interface LocalDay {
  /** Like `2026-10-25`. */
  date: string;
  startMs: number;
  endMs: number;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
/** Instants begin in 1970, and nobody plans beyond 2200. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2200];
/** Area and place, like `Europe/Berlin`, or `UTC`. `+02:00`, `EST` or `CET` say an offset, and nothing of when it changes. */
const ZONE = /^(UTC|[A-Za-z]+(\/[A-Za-z0-9_+-]+)+)$/;

/** Whether `name` is a zone of the IANA list that this process knows, as a link (`Asia/Kolkata`) too. Upper and lower case are not told apart. */
export function isTimeZone(name: string): boolean {
  if (!ZONE.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether `text` is a date of the calendar, written `2026-10-25`, in the years 1970 to 2200. */
export function isCalendarDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  return day <= Temporal.PlainDate.from({ year, month, day: 1 }).daysInMonth;
}

/**
 * The days from `fromDate` up to, not with, `toDate`, each date once, in order and without a hole: each ends where the next one begins.
 * A day begins with the first instant of its date, which is not always midnight. A date that the zone left out is not among them.
 * @param fromDate, toDate as `isCalendarDate` takes them
 * @param timeZone as `isTimeZone` takes it
 */
export function localDays(fromDate: string, toDate: string, timeZone: string): LocalDay[] {
  const end = Temporal.PlainDate.from(toDate);
  const days: LocalDay[] = [];
  let date = Temporal.PlainDate.from(fromDate);
  let startMs = startOf(date, timeZone);
  while (Temporal.PlainDate.compare(date, end) < 0) {
    const next = date.add({ days: 1 });
    const endMs = startOf(next, timeZone);
    if (endMs > startMs) days.push({ date: date.toString(), startMs, endMs });
    [date, startMs] = [next, endMs];
  }
  return days;
}

/**
 * The date of the day that holds an instant, as `localDays` has it.
 * @param ms whole milliseconds since the epoch
 */
export function dateOf(ms: number, timeZone: string): string {
  const shown = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
  // Clocks that are set back shortly after midnight show the old date once more; the new day has begun all the same.
  const next = shown.add({ days: 1 });
  return (startOf(next, timeZone) <= ms ? next : shown).toString();
}

/** The date so many days later, or earlier when `days` is below zero. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** How many dates of the calendar there are from `fromDate` up to, not with, `toDate`; below zero when that is earlier. */
export function countDates(fromDate: string, toDate: string): number {
  return Temporal.PlainDate.from(fromDate).until(toDate).days;
}

function startOf(date: Temporal.PlainDate, timeZone: string): number {
  return date.toZonedDateTime(timeZone).epochMilliseconds;
}
