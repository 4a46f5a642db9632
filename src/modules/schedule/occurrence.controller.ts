import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { BulkOccurrencesDto, BulkResponse } from './bulk.dto.js';
import {
  ListOccurrencesQuery,
  OccurrenceListResponse,
  OccurrenceResponse,
  UpdateOccurrenceDto,
} from './occurrence.dto.js';
import { OccurrenceService } from './occurrence.service.js';

const NOW = { description: 'The occurrence as it is now', type: OccurrenceResponse };
const START_FAULTS = ['CAMERA.NOT_FOUND', 'CAMERA.DISABLED', 'RECORDING.QUEUE_FULL'] as const;

@ApiTags('occurrences')
@Controller('occurrences')
export class OccurrenceController {
  constructor(private readonly occurrences: OccurrenceService) {}

  @Get()
  @ApiOperation({
    operationId: 'listOccurrences',
    summary: 'The times of schedules, past and to come, the earliest first',
  })
  @ApiOkResponse({ description: 'A page of occurrences', type: OccurrenceListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: ListOccurrencesQuery): Promise<OccurrenceListResponse> {
    return this.occurrences.list(query);
  }

  @Post('bulk')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({ operationId: 'updateOccurrences', summary: 'Start, cancel or retry many occurrences' })
  @ApiOkResponse({ description: 'What was done, and what was refused', type: BulkResponse })
  @ApiProblems('REQUEST.INVALID')
  async bulk(@Body() body: BulkOccurrencesDto): Promise<BulkResponse> {
    return this.occurrences.bulk(body);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getOccurrence', summary: 'One occurrence' })
  @ApiOkResponse(NOW)
  @ApiProblems('REQUEST.INVALID', 'OCCURRENCE.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<OccurrenceResponse> {
    return this.occurrences.get(id);
  }

  @Patch(':id')
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'updateOccurrence',
    summary: 'Move an occurrence that is still to come, or give it another length',
  })
  @ApiOkResponse(NOW)
  @ApiProblems('REQUEST.INVALID', 'OCCURRENCE.NOT_FOUND', 'OCCURRENCE.NOT_SCHEDULED', 'OCCURRENCE.OVER')
  async update(@Param('id', UuidPipe) id: string, @Body() body: UpdateOccurrenceDto): Promise<OccurrenceResponse> {
    return this.occurrences.update(id, body);
  }

  @Post(':id/start')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'startOccurrence',
    summary: 'Begin an occurrence that is still to come now, for as long as it was to last',
  })
  @ApiOkResponse(NOW)
  @ApiProblems('REQUEST.INVALID', 'OCCURRENCE.NOT_FOUND', 'OCCURRENCE.NOT_SCHEDULED', ...START_FAULTS)
  async start(@Param('id', UuidPipe) id: string): Promise<OccurrenceResponse> {
    return this.occurrences.start(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'cancelOccurrence',
    summary: 'Leave an occurrence out, or stop it; what it has recorded is kept',
  })
  @ApiOkResponse(NOW)
  @ApiProblems('REQUEST.INVALID', 'OCCURRENCE.NOT_FOUND', 'OCCURRENCE.NOT_SCHEDULED')
  async cancel(@Param('id', UuidPipe) id: string): Promise<OccurrenceResponse> {
    return this.occurrences.cancel(id);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Roles('OPERATOR', 'ADMIN')
  @ApiOperation({
    operationId: 'retryOccurrence',
    summary: 'Record the rest of an occurrence that has failed, in a playback of its own',
  })
  @ApiOkResponse(NOW)
  @ApiProblems('REQUEST.INVALID', 'OCCURRENCE.NOT_FOUND', 'OCCURRENCE.NOT_FAILED', 'OCCURRENCE.OVER', ...START_FAULTS)
  async retry(@Param('id', UuidPipe) id: string): Promise<OccurrenceResponse> {
    return this.occurrences.retry(id);
  }
}
