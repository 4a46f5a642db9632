import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../auth/public.decorator.js';
import { HealthService, type Readiness } from './health.service.js';

const CHECK_SCHEMA = { type: 'object', properties: { ok: { type: 'boolean' }, detail: { type: 'string' } } };
const READINESS_SCHEMA = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    checks: { type: 'object', additionalProperties: CHECK_SCHEMA },
  },
};

@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @ApiOperation({ summary: 'The process runs and answers' })
  @ApiOkResponse({ schema: { type: 'object', example: { status: 'ok' } } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Everything that this process needs is there: database, FFmpeg, storage, disk' })
  @ApiOkResponse({ schema: { ...READINESS_SCHEMA, example: readinessExample(true) } })
  @ApiServiceUnavailableResponse({
    description: 'At least one check failed',
    schema: { ...READINESS_SCHEMA, example: readinessExample(false) },
  })
  async ready(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.health.ready();
    response.status(readiness.status === 'ok' ? 200 : 503).setHeader('Cache-Control', 'no-store');
    return readiness;
  }
}

function readinessExample(ok: boolean): Readiness {
  return {
    status: ok ? 'ok' : 'unavailable',
    checks: {
      database: { ok: true, detail: 'answers' },
      disk: { ok: true, detail: '52.4 GiB free, at least 1.0 GiB wanted' },
      ffmpeg: { ok: true, detail: 'FFmpeg 5.1.9' },
      storage: ok ? { ok: true, detail: 'local store answers' } : { ok: false, detail: 'no answer within 2000 ms' },
    },
  };
}
