import { addDays, daysInMonth, isListedZone, startOfDate, wallOf } from './wall-time.js';

export { addDays, countDates } from './wall-time.js';

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
  return ZONE.test(name) && isListedZone(name);
}

/** Whether `text` is a date of the calendar, written `2026-10-25`, in the years 1970 to 2200. */
export function isCalendarDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  return day <= daysInMonth(year, month);
}

/**
 * The days from `fromDate` up to, not with, `toDate`, each date once, in order and without a hole: each ends where the next one begins.
 * A day begins with the first instant of its date, which is not always midnight. A date that the zone left out is not among them.
 * @param fromDate, toDate as `isCalendarDate` takes them
 * @param timeZone as `isTimeZone` takes it
 */
export function localDays(fromDate: string, toDate: string, timeZone: string): LocalDay[] {
  const days: LocalDay[] = [];
  let date = fromDate;
  let startMs = startOfDate(date, timeZone);
  while (date < toDate) {
    const next = addDays(date, 1);
    const endMs = startOfDate(next, timeZone);
    if (endMs > startMs) days.push({ date, startMs, endMs });
    [date, startMs] = [next, endMs];
  }
  return days;
}

/**
 * The date of the day that holds an instant, as `localDays` has it.
 * @param ms whole milliseconds since the epoch
 */
export function dateOf(ms: number, timeZone: string): string {
  const shown = wallOf(ms, timeZone).slice(0, 10);
  // Clocks that are set back shortly after midnight show the old date once more; the new day has begun all the same.
  const next = addDays(shown, 1);
  return startOfDate(next, timeZone) <= ms ? next : shown;
}
