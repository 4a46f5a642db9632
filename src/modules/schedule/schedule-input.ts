import { AppError } from '../../common/errors.js';
import { isTimeZone } from '../../common/local-days.js';
import { invalidInput } from '../../common/validation.pipe.js';
import type { Rule } from '../../schema/schedule.entity.js';
import { faultOfTimes, type ScheduleTimes } from './domain/rule.js';
import type { RuleDto, ScheduleTimesDto } from './schedule.dto.js';

/** What is said of when a schedule records; what is left out of a change stays. */
export type TimesInput = Partial<ScheduleTimesDto>;

/**
 * The times of a schedule, after a change to those that it had.
 * @param before of a new one: what it has where nothing is said
 * @throws AppError `SCHEDULE.ZONE_UNKNOWN`, `SCHEDULE.RULE_INVALID`, `REQUEST.INVALID`
 */
export function timesOf(
  input: TimesInput,
  before: Omit<ScheduleTimes, 'rule'> & { rule?: Rule | undefined },
): ScheduleTimes {
  const rule = input.rule ? toRule(input.rule) : before.rule;
  if (!rule) throw invalidInput([{ field: 'rule', message: 'rule must be given' }]);
  const times = {
    rule,
    timeZone: input.timeZone ?? before.timeZone,
    ...endOf(input, before),
    firstDate: input.firstDate === undefined ? before.firstDate : input.firstDate,
    lastDate: input.lastDate === undefined ? before.lastDate : input.lastDate,
    exceptDates: input.exceptDates ?? before.exceptDates,
    paddingBeforeSec: input.paddingBeforeSec ?? before.paddingBeforeSec,
    paddingAfterSec: input.paddingAfterSec ?? before.paddingAfterSec,
  };
  const { timeZone } = times;
  if (!isTimeZone(timeZone)) throw new AppError({ code: 'SCHEDULE.ZONE_UNKNOWN', values: { timeZone } });
  const fault = faultOfTimes(times);
  if (fault !== null) throw new AppError({ code: 'SCHEDULE.RULE_INVALID', values: { fault } });
  return times;
}

/** `3`, `"3"` or `W/"3"`; undefined where no version is asked for. @throws AppError `REQUEST.INVALID` */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw invalidInput([{ field: 'If-Match', message: 'If-Match must be the version of the schedule' }]);
}

/** Who gives one of the two ends takes the other one away. */
function endOf(
  { durationSec, until }: TimesInput,
  before: Pick<ScheduleTimes, 'durationSec' | 'until'>,
): Pick<ScheduleTimes, 'durationSec' | 'until'> {
  if (durationSec === undefined && until === undefined) return { durationSec: before.durationSec, until: before.until };
  return { durationSec: durationSec ?? null, until: until ?? null };
}

function toRule({ kind, at = '', every, days = [], expression = '' }: RuleDto): Rule {
  switch (kind) {
    case 'once':
      return { kind, at };
    case 'daily':
      return { kind, at, every: every ?? 1 };
    case 'weekly':
      return { kind, at, days: [...new Set(days)] };
    case 'cron':
      return { kind, expression };
  }
}
