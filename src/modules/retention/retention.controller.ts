import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { Roles } from '../auth/index.js';
import { PolicyService } from './policy.service.js';
import { RetentionRuns } from './retention-runs.service.js';
import { PutRetentionDto, RunRetentionDto, toPolicy } from './retention.dto.js';
import { RetentionResponse, RetentionRunResponse } from './retention.response.js';

@ApiTags('retention')
@Controller('retention')
export class RetentionController {
  constructor(
    private readonly policies: PolicyService,
    private readonly runs: RetentionRuns,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'getRetention', summary: 'How long things are kept where nothing is said for a camera' })
  @ApiOkResponse({ description: 'What was said, and what holds', type: RetentionResponse })
  @ApiProblems('REQUEST.INVALID')
  async get(): Promise<RetentionResponse> {
    return this.policies.get(null);
  }

  @Put()
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'updateRetention',
    summary: 'Say how long things are kept, in place of all that was said',
  })
  @ApiOkResponse({ description: 'What was said, and what holds', type: RetentionResponse })
  @ApiProblems('REQUEST.INVALID', 'RETENTION.LIMIT_MISSING')
  async put(@Body() { policies }: PutRetentionDto): Promise<RetentionResponse> {
    return this.policies.put(null, policies.map(toPolicy));
  }

  @Post('run')
  @HttpCode(200)
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'createRetentionRun',
    summary: 'Delete now what is too old or too much, or say what would be deleted',
    description: 'Of all cameras, deleted ones too. A floor of a policy holds for this run as well.',
  })
  @ApiOkResponse({ description: 'What goes, and what is held', type: RetentionRunResponse })
  @ApiProblems('REQUEST.INVALID')
  async run(@Body() body: RunRetentionDto): Promise<RetentionRunResponse> {
    return this.runs.run(body);
  }
}
