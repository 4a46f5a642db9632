import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { StatisticsQuery } from './statistics.dto.js';
import { StatisticsResponse } from './statistics.response.js';
import { StatisticsService } from './statistics.service.js';

@ApiTags('statistics')
@Controller('statistics')
export class StatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  @Get()
  @ApiOperation({
    operationId: 'getStatistics',
    summary: 'How much was recorded, how much of it succeeded, and what is missing, by day and camera',
    description:
      'Of the playbacks that there are: a deleted one does not count any more. A recording belongs to the day in which its wanted range ' +
      'begins, pre-roll included. A day has 23, 24 or 25 hours, as the time zone has it.',
  })
  @ApiOkResponse({ description: 'The sums', type: StatisticsResponse })
  @ApiProblems('REQUEST.INVALID', 'STATISTICS.RANGE_TOO_LONG', 'STATISTICS.TOO_MANY_GROUPS')
  async get(@Query() query: StatisticsQuery): Promise<StatisticsResponse> {
    return this.statistics.get(query);
  }
}
