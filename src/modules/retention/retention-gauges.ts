import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppLogger } from '../../common/logging.js';
import { Metrics } from '../health/index.js';
import { TombstoneRepository } from './tombstone.repository.js';

/** Counts what waits to be deleted for each scrape. With the database away the other metrics matter most, so the scrape goes on without this. */
@Injectable()
export class RetentionGauges implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
    private readonly tombstones: TombstoneRepository,
    private readonly logger: AppLogger,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(async () => {
      try {
        this.metrics.tombstones.set(await this.tombstones.count(this.dataSource.manager));
      } catch (error) {
        this.logger.warn('tombstones could not be counted for the metrics', { err: error });
      }
    });
  }
}
