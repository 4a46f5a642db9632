import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { UuidPipe } from '../../common/uuid.pipe.js';
import { Roles } from '../auth/index.js';
import { PolicyService } from './policy.service.js';
import { PutRetentionDto, toPolicy } from './retention.dto.js';
import { RetentionResponse } from './retention.response.js';

@ApiTags('cameras')
@Controller('cameras/:id/retention')
export class CameraRetentionController {
  constructor(private readonly policies: PolicyService) {}

  @Get()
  @ApiOperation({ operationId: 'getCameraRetention', summary: 'How long things of a camera are kept' })
  @ApiOkResponse({ description: 'What was said for the camera, and what holds for it', type: RetentionResponse })
  @ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND')
  async get(@Param('id', UuidPipe) id: string): Promise<RetentionResponse> {
    return this.policies.get(id);
  }

  @Put()
  @Roles('ADMIN')
  @ApiOperation({
    operationId: 'updateCameraRetention',
    summary: 'Say how long things of a camera are kept, in place of all that was said for it',
  })
  @ApiOkResponse({ description: 'What was said for the camera, and what holds for it', type: RetentionResponse })
  @ApiProblems('REQUEST.INVALID', 'RETENTION.LIMIT_MISSING', 'CAMERA.NOT_FOUND')
  async put(@Param('id', UuidPipe) id: string, @Body() { policies }: PutRetentionDto): Promise<RetentionResponse> {
    return this.policies.put(id, policies.map(toPolicy));
  }
}
