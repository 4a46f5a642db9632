import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { addDays, countDates, dateOf, type LocalDay, localDays } from '../../common/local-days.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { AppConfig } from '../../config/app-config.js';
import { buildGroups, fillDates, type Group } from './domain/groups.js';
import { DEFAULT_DAYS, type StatisticsQuery } from './statistics.dto.js';
import { type CountedSpan, type StatisticsFilter, StatisticsRepository } from './statistics.repository.js';
import type { StatisticsResponse } from './statistics.response.js';
import { toStatisticsResponse } from './statistics.view.js';

/** A whole year, of whichever length. */
const MAX_DAYS = 366;
/** About two megabytes of answer: a year of 27 cameras by day, a month of 300. */
const MAX_GROUPS = 10_000;

interface Range {
  from: string;
  to: string;
  timeZone: string;
}

/** What was recorded and what is missing, from the rows of the playbacks that there are. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly statistics: StatisticsRepository,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `REQUEST.INVALID`, `STATISTICS.RANGE_TOO_LONG`, `STATISTICS.TOO_MANY_GROUPS` */
  async get(query: StatisticsQuery): Promise<StatisticsResponse> {
    const range = this.rangeOf(query);
    const days = localDays(range.from, range.to, range.timeZone);
    const [byDay, byCamera] = [query.groupBy.includes('day'), query.groupBy.includes('camera')];
    const groups = await this.read({ spans: byDay ? days : wholeOf(days), cameraIds: query.cameraId, byCamera });
    const dates = days.map(({ date }) => date);
    return toStatisticsResponse(range, byCamera ? groups : fillDates(groups, dates));
  }

  private rangeOf({ from, to, timeZone = this.config.timeZone }: StatisticsQuery): Range {
    const end = to ?? addDays(dateOf(this.clock.nowMs(), timeZone), 1);
    const start = from ?? addDays(end, -DEFAULT_DAYS);
    const days = countDates(start, end);
    if (days < 0) throw invalidInput([{ field: 'to', message: 'to must not be before from' }]);
    if (days > MAX_DAYS) throw new AppError({ code: 'STATISTICS.RANGE_TOO_LONG', values: { maxDays: MAX_DAYS } });
    return { from: start, to: end, timeZone };
  }

  /** In one snapshot, and over one connection: a year of many cameras must not take two from the recorders. */
  private async read(filter: StatisticsFilter): Promise<Group[]> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const counts = await this.statistics.count(manager, filter, MAX_GROUPS + 1);
      if (counts.length > MAX_GROUPS) {
        throw new AppError({ code: 'STATISTICS.TOO_MANY_GROUPS', values: { maxGroups: MAX_GROUPS } });
      }
      return buildGroups(counts, await this.statistics.sumGaps(manager, filter));
    });
  }
}

/** All days as one stretch of time. */
function wholeOf(days: readonly LocalDay[]): CountedSpan[] {
  const [first, last] = [days[0], days.at(-1)];
  return first && last ? [{ date: null, startMs: first.startMs, endMs: last.endMs }] : [];
}
