import { Injectable } from '@nestjs/common';
import { LogArchivist } from '../archive/index.js';
import type { NeededRange } from './domain/release-plan.js';
import { RingRanges } from './ring-ranges.js';
import { type SweptLog, unarchived } from './swept-log.js';

/** What stays in the log although no recording needs it. */
@Injectable()
export class KeptRanges {
  constructor(
    private readonly rings: RingRanges,
    private readonly archivist: LogArchivist,
  ) {}

  async find(log: SweptLog): Promise<NeededRange[]> {
    return [...(await this.rings.find(log)), ...unarchived(log, this.archivist)];
  }
}
