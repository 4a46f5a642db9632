import { isCalendarDate } from '../../../common/local-days.js';
import type { Rule, Schedule } from '../../../schema/schedule.entity.js';
import { faultOfCron } from './cron.js';

/** When a schedule records. Either `durationSec`, which is time that passes, or `until`, a time of the clock like `06:00`, is null. */
export type ScheduleTimes = Pick<
  Schedule,
  | 'rule'
  | 'timeZone'
  | 'durationSec'
  | 'until'
  | 'firstDate'
  | 'lastDate'
  | 'exceptDates'
  | 'paddingBeforeSec'
  | 'paddingAfterSec'
>;

/** As long as any recording may be. */
export const MAX_DURATION_SEC = 43_200;

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;
const DAY_SEC = 86_400;

/**
 * What is wrong with a schedule, as a sentence; null: nothing.
 * @param times with fields of the right types, and a zone that exists
 */
export function faultOfTimes(times: ScheduleTimes): string | null {
  const { rule, durationSec, until, firstDate, lastDate } = times;
  const fault = faultOfRule(rule, firstDate);
  if (fault !== null) return fault;
  if ((durationSec === null) === (until === null)) return 'Give either durationSec or until.';
  if (rule.kind === 'cron' && until !== null) return 'A cron rule takes durationSec: until belongs to a fixed start.';
  if (until !== null && !TIME.test(until)) return 'until must be a time of the clock like 06:00.';
  if ((durationSec ?? lengthUntil(startOf(rule), until!)) > MAX_DURATION_SEC)
    return 'A recording lasts 12 hours at most: divide it into several schedules.';
  if (firstDate !== null && lastDate !== null && lastDate < firstDate) return 'lastDate must not be before firstDate.';
  return null;
}

/**
 * How many seconds the clock counts from a start to an end that is later than it, on the same or on the next date.
 * @param start, until like `02:30` or `02:30:15`
 */
export function lengthUntil(start: string, until: string): number {
  const length = secondsOf(until) - secondsOf(start);
  return length > 0 ? length : length + DAY_SEC;
}

/** Seconds since midnight. @param time like `02:30` or `02:30:15` */
export function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60 + seconds;
}

/** The time of the day at which it begins. */
function startOf(rule: Rule): string {
  return rule.kind === 'cron' ? '' : rule.at.slice(rule.kind === 'once' ? 11 : 0);
}

function faultOfRule(rule: Rule, firstDate: string | null): string | null {
  if (rule.kind === 'cron') {
    const fault = faultOfCron(rule.expression);
    return fault === null ? null : `The expression ${fault}.`;
  }
  if (rule.kind === 'once') {
    const [date = '', time = ''] = rule.at.split('T');
    const isRight = rule.at.split('T').length === 2 && isCalendarDate(date) && TIME.test(time);
    return isRight ? null : 'at must be a date and a time of the clock like 2026-10-25T02:30.';
  }
  if (!TIME.test(rule.at)) return 'at must be a time of the clock like 02:30.';
  if (rule.kind === 'weekly' && rule.days.length === 0) return 'days must name at least one day of the week.';
  const counts = rule.kind === 'daily' && (rule.every ?? 1) > 1;
  return counts && firstDate === null ? 'every counts from firstDate: give it too.' : null;
}
