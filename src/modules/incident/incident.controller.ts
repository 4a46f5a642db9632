import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { ListIncidentsQuery } from './incident.dto.js';
import { IncidentListResponse } from './incident.response.js';
import { IncidentService } from './incident.service.js';

@ApiTags('incidents')
@Controller('incidents')
export class IncidentController {
  constructor(private readonly incidents: IncidentService) {}

  @Get()
  @ApiOperation({
    operationId: 'listIncidents',
    summary: 'What is wrong for long, or was: cameras, recordings, uploads and disks; the newest first',
    description:
      'An incident is there within a minute and is ended when it is over. One thing has one open incident of a kind.',
  })
  @ApiOkResponse({ description: 'A page of incidents', type: IncidentListResponse })
  @ApiProblems('REQUEST.INVALID')
  async list(@Query() query: ListIncidentsQuery): Promise<IncidentListResponse> {
    return this.incidents.list(query);
  }
}
