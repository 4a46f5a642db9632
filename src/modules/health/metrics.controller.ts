import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AppLogger } from '../../common/logging.js';
import { CamerasByStateRepository } from './cameras-by-state.repository.js';
import { HealthService } from './health.service.js';
import { Metrics } from './metrics.js';
import { OpenRecordingsRepository } from './open-recordings.repository.js';

@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly openRecordings: OpenRecordingsRepository,
    private readonly camerasByState: CamerasByStateRepository,
    private readonly health: HealthService,
    private readonly logger: AppLogger,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Metrics of this process in the Prometheus text format',
    description: 'Any role may scrape.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string', example: 'hindsight_captures_running 3\n' } })
  async scrape(@Res({ passthrough: true }) response: Response): Promise<string> {
    await Promise.all([this.refreshCounts(), this.refreshStore()]);
    const text = await this.metrics.text();
    response.setHeader('Content-Type', this.metrics.contentType);
    return text;
  }

  private async refreshStore(): Promise<void> {
    const { ok } = await this.health.look('storage');
    this.metrics.storeUp.set(ok ? 1 : 0);
  }

  /** With the database away the other metrics matter most, so the scrape goes on without these. */
  private async refreshCounts(): Promise<void> {
    this.metrics.recordings.reset();
    this.metrics.cameras.reset();
    try {
      const counts = await this.openRecordings.countByStatus();
      for (const [status, count] of counts) this.metrics.recordings.set({ status }, count);
      for (const [state, count] of await this.camerasByState.count()) this.metrics.cameras.set({ state }, count);
    } catch (error) {
      this.logger.warn('recordings and cameras could not be counted for the metrics', { err: error });
    }
  }
}
