import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { Metrics } from '../health/index.js';
import { CamerasByStateRepository } from './cameras-by-state.repository.js';

/** Counts cameras for each scrape. With the database away the other metrics matter most, so the scrape goes on without these. */
@Injectable()
export class CameraGauges implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly cameras: CamerasByStateRepository,
    private readonly logger: AppLogger,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(() => this.count());
  }

  private async count(): Promise<void> {
    this.metrics.cameras.reset();
    try {
      for (const [state, count] of await this.cameras.count()) this.metrics.cameras.set({ state }, count);
    } catch (error) {
      this.logger.warn('cameras could not be counted for the metrics', { err: error });
    }
  }
}
