import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isDatabaseAway } from '../../common/database-away.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { RecordingAdmission } from '../capture/index.js';
import { type DueOccurrence, DueOccurrencesRepository } from './due-occurrences.repository.js';
import { OccurrenceStarter } from './occurrence-starter.js';

/** Opens what is due, in recorders. Any number of them may do this at once: each occurrence is opened once. */
@Injectable()
export class OccurrenceOpener {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly dataSource: DataSource,
    private readonly admission: RecordingAdmission,
    private readonly due: DueOccurrencesRepository,
    private readonly starter: OccurrenceStarter,
  ) {}

  /**
   * Opens all that is due now. What should have begun before begins with its own start: the ledger says what nobody recorded of it.
   * A recorder that cannot record leaves it to others, or for later.
   * @returns how many it has opened
   */
  async openDue(): Promise<number> {
    if (await this.admission.refusal()) return 0;
    const seen: string[] = [];
    let opened = 0;
    for (;;) {
      const outcome = await this.openNext(seen);
      if (outcome === 'none') return opened;
      if (outcome === 'opened') opened += 1;
    }
  }

  /** @param seen gets the one that it has tried */
  private async openNext(seen: string[]): Promise<'opened' | 'refused' | 'none'> {
    let next: DueOccurrence | null = null;
    try {
      await this.dataSource.transaction(async (manager) => {
        next = await this.lockNext(manager, seen);
        if (next) await this.starter.start(manager, { ...next, startAt: next.recordFrom, endAt: next.recordTo });
      });
      return next ? 'opened' : 'none';
    } catch (error) {
      if (!next || isDatabaseAway(error)) throw error;
      this.logger.warn('a scheduled recording could not be begun; trying again', { err: error });
      return 'refused';
    }
  }

  private async lockNext(manager: EntityManager, seen: string[]): Promise<DueOccurrence | null> {
    const leadMs = this.config.schedules.leadSec * 1_000;
    const scope = { now: this.clock.now(), leadMs, spreadMs: Math.floor((leadMs * 2) / 3), skipIds: seen };
    const next = await this.due.lockNext(manager, scope);
    if (next) seen.push(next.id);
    return next;
  }
}
