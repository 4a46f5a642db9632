import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { BulkResponse, BulkSchedulesDto } from './bulk.dto.js';
import { CreateScheduleDto, ListSchedulesQuery, PreviewScheduleDto, UpdateScheduleDto } from './schedule.dto.js';
import { parseIfMatch } from './schedule-input.js';
import { PreviewResponse, ScheduleListResponse, ScheduleResponse } from './schedule.response.js';
import { ScheduleService } from './schedule.service.js';

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  schema: { type: 'string', example: '1' },
  description: 'The `version` that the change is meant for; left out: whichever there is',
} as const;
const RULE_FAULTS = ['SCHEDULE.RULE_INVALID', 'SCHEDULE.ZONE_UNKNOWN', 'SCHEDULE.NEVER'] as const;

@ApiTags('schedules')
@Controller('schedules')
export class ScheduleController {
  constructor(private readonly schedules: ScheduleService) {}

  @Post()
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'createSchedule',
    summary: 'Record cameras at given times: once, daily, weekly or by a cron expression',
    description:
      'Its occurrences of the next two weeks are there with the answer. What would have begun before it was made is not recorded.',
  })
  @ApiCreatedResponse({ description: 'The new schedule', type: ScheduleResponse })
  @ApiProblems('REQUEST.INVALID', ...RULE_FAULTS, 'CAMERA.NOT_FOUND')
  async create(@Body() body: CreateScheduleDto): Promise<ScheduleResponse> {
    return this.schedules.create(body);
  }

  @Post('preview')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'previewSchedule',
    summary: 'The next occurrences of a schedule before it is saved, with what is unusual where clocks change',
  })
  @ApiOkResponse({ description: 'When it would record', type: PreviewResponse })
  @ApiProblems('REQUEST.INVALID', ...RULE_FAULTS)
  preview(@Body() body: PreviewScheduleDto): PreviewResponse {
    return this.schedules.preview(body);
  }

  @Post('bulk')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({ operationId: 'updateSchedules', summary: 'Switch on, switch off or delete many schedules' })
  @ApiOkResponse({ description: 'What was done, and what was refused', type: BulkResponse })
  @ApiProblems('REQUEST.INVALID')
  async bulk(@Body() body: BulkSchedulesDto): Promise<BulkResponse> {
    return this.schedules.bulk(body);
  }

  @Get()
  @ApiOperation({ operationId: 'listSchedules', summary: 'Schedules, the newest first' })
  @ApiOkResponse({ description: 'A page of schedules', type: ScheduleListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: ListSchedulesQuery): Promise<ScheduleListResponse> {
    return this.schedules.list(query);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getSchedule', summary: 'One schedule' })
  @ApiOkResponse({ description: 'The schedule', type: ScheduleResponse })
  @ApiProblems('REQUEST.INVALID', 'SCHEDULE.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<ScheduleResponse> {
    return this.schedules.get(id);
  }

  @Patch(':id')
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'updateSchedule',
    summary: 'Change a schedule; what is still to come is planned anew',
    description: 'What has begun goes on as it is, and an occurrence that somebody has edited or cancelled stays so.',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ description: 'The schedule as it is now', type: ScheduleResponse })
  @ApiProblems('REQUEST.INVALID', ...RULE_FAULTS, 'SCHEDULE.NOT_FOUND', 'CAMERA.NOT_FOUND', 'SCHEDULE.CHANGED')
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateScheduleDto,
    @Headers('if-match') version: string | undefined,
  ): Promise<ScheduleResponse> {
    return this.schedules.update(id, body, parseIfMatch(version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule and what is still to come of it',
    description: 'What has begun goes on; its past occurrences stay.',
  })
  @ApiHeader(IF_MATCH)
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiProblems('REQUEST.INVALID', 'SCHEDULE.NOT_FOUND', 'SCHEDULE.CHANGED')
  async delete(@Param('id', UuidPipe) id: string, @Headers('if-match') version: string | undefined): Promise<void> {
    await this.schedules.delete(id, parseIfMatch(version));
  }
}
