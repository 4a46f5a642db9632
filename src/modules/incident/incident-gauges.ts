import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { INCIDENT_KINDS } from '../../schema/incident.entity.js';
import { Metrics } from '../health/index.js';
import { IncidentRepository } from './incident.repository.js';

/** Counts open incidents for each scrape. With the database away the other metrics matter most, so the scrape goes on without these. */
@Injectable()
export class IncidentGauges implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly incidents: IncidentRepository,
    private readonly logger: AppLogger,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(() => this.count());
  }

  private async count(): Promise<void> {
    const { incidentsOpen } = this.metrics;
    incidentsOpen.reset();
    try {
      const counts = await this.incidents.countOpen();
      for (const kind of INCIDENT_KINDS) incidentsOpen.set({ kind }, counts.get(kind) ?? 0);
    } catch (error) {
      this.logger.warn('incidents could not be counted for the metrics', { err: error });
    }
  }
}
