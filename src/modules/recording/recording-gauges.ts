import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { Metrics } from '../health/index.js';
import { OpenRecordingsRepository } from './open-recordings.repository.js';

/** Counts open recordings for each scrape. With the database away the other metrics matter most, so the scrape goes on without these. */
@Injectable()
export class RecordingGauges implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly recordings: OpenRecordingsRepository,
    private readonly logger: AppLogger,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(() => this.count());
  }

  private async count(): Promise<void> {
    this.metrics.recordings.reset();
    try {
      for (const [status, count] of await this.recordings.countByStatus())
        this.metrics.recordings.set({ status }, count);
    } catch (error) {
      this.logger.warn('recordings could not be counted for the metrics', { err: error });
    }
  }
}
