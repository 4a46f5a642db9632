import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { readCursor } from '../../common/page-query.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { parseSegmentCursor } from './domain/segment-cursor.js';
import { FootageDaysQuery, FootageSegmentsQuery, FootageSpansQuery } from './timeline.dto.js';
import { FootageDaysResponse, FootageSegmentsResponse, FootageSpansResponse } from './timeline.response.js';
import { TimelineService } from './timeline.service.js';
import { toDay, toSegmentsResponse, toSpansResponse } from './timeline.view.js';

@ApiTags('footage')
@Controller('cameras/:id/footage')
export class TimelineController {
  constructor(private readonly timeline: TimelineService) {}

  @Get('spans')
  @ApiOperation({
    operationId: 'getFootageSpans',
    summary: 'When there is footage of a continuous camera, and why there is none in between',
    description: 'Spans and gaps together are the whole range, to the millisecond.',
  })
  @ApiOkResponse({ description: 'Spans and gaps', type: FootageSpansResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'FOOTAGE.RANGE_TOO_LONG')
  async spans(@Param('id', UuidPipe) id: string, @Query() query: FootageSpansQuery): Promise<FootageSpansResponse> {
    return toSpansResponse(await this.timeline.getSpans(id, query, query.minGapMs));
  }

  @Get('segments')
  @ApiOperation({ operationId: 'listFootageSegments', summary: 'The footage segments of a range, the oldest first' })
  @ApiOkResponse({ description: 'A page of segments', type: FootageSegmentsResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND')
  async segments(
    @Param('id', UuidPipe) id: string,
    @Query() query: FootageSegmentsQuery,
  ): Promise<FootageSegmentsResponse> {
    const after = readCursor(query.cursor, parseSegmentCursor);
    const segments = await this.timeline.getSegments(id, query, { after, limit: query.limit + 1 });
    return toSegmentsResponse(segments, query.limit);
  }

  @Get('days')
  @ApiOperation({
    operationId: 'listFootageDays',
    summary: 'On which days there is footage of a continuous camera',
    description: 'A day has 23, 24 or 25 hours, as the time zone has it.',
  })
  @ApiOkResponse({ description: 'The days', type: FootageDaysResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'FOOTAGE.RANGE_TOO_LONG')
  async days(@Param('id', UuidPipe) id: string, @Query() query: FootageDaysQuery): Promise<FootageDaysResponse> {
    const { from, to, timeZone, detail } = query;
    const found = await this.timeline.getDays(id, { from, to, timeZone, detail });
    return { timeZone: found.timeZone, days: found.days.map(toDay) };
  }
}
