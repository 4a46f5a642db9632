import type { ScheduleTimes } from '../../../../src/modules/schedule/domain/rule.js';
import type { Rule } from '../../../../src/schema/schedule.entity.js';

/** A schedule of an hour, unless something else is said. */
export function timesOf(rule: Rule, fields: Partial<ScheduleTimes> = {}): ScheduleTimes {
  return {
    rule,
    timeZone: 'Europe/Berlin',
    durationSec: fields.until === undefined ? 3_600 : null,
    until: null,
    firstDate: null,
    lastDate: null,
    exceptDates: [],
    paddingBeforeSec: 0,
    paddingAfterSec: 0,
    ...fields,
  };
}
