import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { HealthService } from './health.service.js';
import { Metrics } from './metrics.js';

@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly health: HealthService,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics of this process in the Prometheus text format',
    description: 'Any role may scrape.',
  })
  @ApiOkResponse({
    description: 'One line for each value',
    content: { 'text/plain': { schema: { type: 'string', example: 'hindsight_captures_running 3\n' } } },
  })
  async scrape(@Res({ passthrough: true }) response: Response): Promise<string> {
    await this.refreshStore();
    const text = await this.metrics.text();
    response.setHeader('Content-Type', this.metrics.contentType);
    return text;
  }

  private async refreshStore(): Promise<void> {
    const { ok } = await this.health.look('storage');
    this.metrics.storeUp.set(ok ? 1 : 0);
  }
}
