import { addDays, countDates } from '../../../common/local-days.js';
import { instantsOf, startOfDate, type WallInstants, wallOf, weekdayOf } from '../../../common/wall-time.js';
import { type Rule, WEEKDAYS } from '../../../schema/schedule.entity.js';
import { cronInstants } from './cron.js';
import type { ScheduleTimes } from './rule.js';

/** One start of a schedule. */
export interface Start {
  /** What the clock of the zone shows then, or should have shown: `2026-10-25T02:30`, with seconds where there are some. */
  wall: string;
  /** Names it for good, also when the rules of the zone change: the wall time, and `/2` when it is the second one of that name. */
  key: string;
  ms: number;
  /** Whether the clocks skipped that time, or showed it twice. */
  is: WallInstants['is'];
}

/** Nobody plans further ahead; a rule that has no start within this has none. */
const MAX_DAYS = 3_660;

/** The starts of a schedule from `fromMs` on, in order, for ten years at most. */
export function* startsOf(times: ScheduleTimes, fromMs: number): Generator<Start, void> {
  const { firstDate, timeZone } = times;
  const beginMs = Math.max(fromMs, firstDate === null ? -Infinity : startOfDate(firstDate, timeZone));
  for (const start of unfiltered(times, beginMs)) if (isWanted(times, start) && start.ms >= fromMs) yield start;
}

function* unfiltered(times: ScheduleTimes, fromMs: number): Generator<Start, void> {
  const { rule, timeZone, lastDate } = times;
  if (rule.kind === 'once') {
    yield startAt(rule.at, timeZone);
    return;
  }
  // The clocks may have skipped the last part of a date, so that its start lies in the next one.
  const firstDate = addDays(wallOf(fromMs, timeZone).slice(0, 10), -1);
  const farDate = addDays(firstDate, MAX_DAYS);
  const endDate = lastDate !== null && lastDate < farDate ? lastDate : farDate;
  if (rule.kind === 'cron') return yield* startsOfCron(rule.expression, timeZone, fromMs, endDate);
  for (let date = firstDate; date <= endDate; date = addDays(date, 1)) {
    if (!isDateOf(rule, date, times.firstDate)) continue;
    const start = startAt(`${date}T${rule.at}`, timeZone);
    if (start.is !== 'skipped' || exists(date, timeZone)) yield start;
  }
}

function* startsOfCron(expression: string, timeZone: string, fromMs: number, endDate: string): Generator<Start, void> {
  for (const ms of cronInstants(expression, timeZone, fromMs - 1)) {
    const wall = trimmed(wallOf(ms, timeZone));
    if (wall.slice(0, 10) > endDate) return;
    const isSecond = instantsOf(wall, timeZone).firstMs !== ms;
    yield { wall, key: isSecond ? `${wall}/2` : wall, ms, is: 'once' };
  }
}

function startAt(at: string, timeZone: string): Start {
  const wall = trimmed(at);
  const { is, firstMs } = instantsOf(wall, timeZone);
  return { wall, key: wall, ms: firstMs, is };
}

/** One time has one spelling. */
function trimmed(wall: string): string {
  return wall.endsWith(':00') && wall.length === 19 ? wall.slice(0, 16) : wall;
}

function isWanted({ rule, firstDate, lastDate, exceptDates }: ScheduleTimes, { wall }: Start): boolean {
  if (rule.kind === 'once') return true;
  const date = wall.slice(0, 10);
  if (firstDate !== null && date < firstDate) return false;
  if (lastDate !== null && date > lastDate) return false;
  return !exceptDates.includes(date);
}

function isDateOf(rule: Extract<Rule, { kind: 'daily' | 'weekly' }>, date: string, firstDate: string | null): boolean {
  if (rule.kind === 'weekly') return rule.days.includes(WEEKDAYS[weekdayOf(date) - 1]!);
  const { every = 1 } = rule;
  return every === 1 || countDates(firstDate ?? date, date) % every === 0;
}

/** A zone that moves over the date line has left a date out. */
function exists(date: string, timeZone: string): boolean {
  return startOfDate(date, timeZone) < startOfDate(addDays(date, 1), timeZone);
}
