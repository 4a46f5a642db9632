import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Occurrence } from '../../schema/occurrence.entity.js';

export type DueOccurrence = Pick<Occurrence, 'id' | 'cameraId' | 'recordFrom' | 'recordTo'>;

export interface DueScope {
  now: Date;
  /** It is opened so long before it begins to record, each camera up to `spreadMs` later. */
  leadMs: number;
  spreadMs: number;
  /** Those that could not be opened just now. */
  skipIds: readonly string[];
}

/** Scheduled recordings of one camera that were not begun in time. */
export interface MissedStarts {
  cameraId: string;
  count: number;
  since: Date;
}

/** Occurrences whose time has come, or has passed. */
@Injectable()
export class DueOccurrencesRepository {
  /** The one that is due first, locked for the transaction of `manager`; none that another process has locked. */
  async lockNext(manager: EntityManager, { now, leadMs, spreadMs, skipIds }: DueScope): Promise<DueOccurrence | null> {
    const [row] = await manager.query<DueOccurrence[]>(
      `SELECT o.id, o.camera_id AS "cameraId", o.record_from AS "recordFrom", o.record_to AS "recordTo"
         FROM occurrences o JOIN cameras c ON c.id = o.camera_id
        WHERE o.state = 'planned' AND o.record_from <= $2 AND o.record_to > $1 AND c.enabled AND c.deleted_at IS NULL
          AND o.record_from <= $2::timestamptz - mod(abs(hashtext(o.camera_id::text)::bigint), $3::bigint) * interval '1 ms'
          AND o.id <> ALL ($4::uuid[])
        ORDER BY o.record_from, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED`,
      [now, new Date(now.getTime() + leadMs), Math.max(1, spreadMs), skipIds],
    );
    return row ?? null;
  }

  /** Those that should have begun and have not, also when their time ended at `endedAfter` or later. */
  async findMissed(manager: EntityManager, now: Date, endedAfter: Date): Promise<MissedStarts[]> {
    return manager.query(
      `SELECT o.camera_id AS "cameraId", count(*)::int AS count, min(o.record_from) AS since
         FROM occurrences o JOIN cameras c ON c.id = o.camera_id
        WHERE o.state = 'planned' AND o.record_from <= $1 AND o.record_to > $2 AND c.enabled AND c.deleted_at IS NULL
        GROUP BY o.camera_id`,
      [now, endedAfter],
    );
  }
}
