import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../auth/index.js';
import { LivenessResponse, ReadinessResponse } from './health.response.js';
import { HealthService, type Readiness, type ReadinessStatus } from './health.service.js';

@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'The process runs and answers: for liveness probes, whatever else is away',
  })
  @ApiOkResponse({ description: 'It runs', type: LivenessResponse })
  live(): LivenessResponse {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary:
      'This process takes events: database, disk and (where it records) FFmpeg are there, and it is not stopping',
    description:
      'For load balancers and readiness probes. While the object store is away events are recorded all the same, so that is `degraded`, with 200.',
  })
  @ApiOkResponse({
    description: 'ok, or degraded: `checks` says by what',
    type: ReadinessResponse,
    example: readinessExample('degraded'),
  })
  @ApiServiceUnavailableResponse({
    description: 'It takes no event now; `checks` says why',
    type: ReadinessResponse,
    example: readinessExample('unavailable'),
  })
  async ready(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.health.ready();
    response.status(readiness.status === 'unavailable' ? 503 : 200).setHeader('Cache-Control', 'no-store');
    return readiness;
  }
}

function readinessExample(status: ReadinessStatus): Readiness {
  return {
    status,
    checks: {
      database:
        status === 'unavailable' ? { ok: false, detail: 'no answer within 2000 ms' } : { ok: true, detail: 'answers' },
      disk: { ok: true, detail: '52.4 GiB free, at least 1.0 GiB wanted' },
      ffmpeg: { ok: true, detail: 'FFmpeg 5.1.9' },
      storage: { ok: false, detail: 'no answer within 2000 ms' },
    },
  };
}
