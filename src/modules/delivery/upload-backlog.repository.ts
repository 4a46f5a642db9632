import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Recordings that are over and not stored yet. */
export interface UploadBacklog {
  count: number;
  /** When the first of them ended. */
  oldestEndAt: Date;
}

/** Counts what waits to be stored for long. */
@Injectable()
export class UploadBacklogRepository {
  /** @returns those that ended at `endedBefore` or earlier; null when there is none */
  async find(manager: EntityManager, endedBefore: Date): Promise<UploadBacklog | null> {
    const [row] = await manager.query<[{ count: number; oldestEndAt: Date | null }]>(
      `SELECT count(*)::int AS count, min(range_end_at) AS "oldestEndAt" FROM playbacks
        WHERE recording_status = 'PROCESSING' AND kind <> 'export' AND range_end_at <= $1`,
      [endedBefore],
    );
    const { count, oldestEndAt } = row;
    return oldestEndAt && { count, oldestEndAt };
  }
}
