import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { KeptKind } from '../../schema/kept-kind.js';
import { type Cutoffs, unlockedSql, UNPINNED_SQL } from './keeping.repository.js';

/** What of a kind is old enough to go, and held. */
export interface HeldSum {
  kind: KeptKind;
  objects: number;
  bytes: number;
  /** Of the pins that hold it. */
  reasons: string[];
}

/** What does not go although it could. */
@Injectable()
export class HeldRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Cameras of which anything is kept, deleted ones too. */
  async findCameras(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      'SELECT DISTINCT camera_id AS id FROM storage_usage WHERE bytes > 0 OR objects > 0 ORDER BY camera_id',
    );
    return rows.map(({ id }) => id);
  }

  /** Final playbacks of the camera that a lock holds. */
  async findPlaybacks(manager: EntityManager, cameraId: string, now: Date, cutoffs: Cutoffs): Promise<HeldSum[]> {
    const asked = Object.entries(cutoffs);
    const rows = await manager.query<{ kind: KeptKind; objects: number; bytes: string }[]>(
      `SELECT kind, count(*)::int AS objects, coalesce(sum(size), 0) AS bytes
         FROM (SELECT kind, file_size_bytes AS size,
                      greatest(ended_at, range_end_at, created_at) AS over_at
                 FROM playbacks
                WHERE camera_id = $1 AND recording_status IN ('COMPLETED', 'FAILED') AND NOT (${unlockedSql('$2')})) held
         JOIN unnest($3::text[], $4::timestamptz[]) AS cutoff (kind, before) USING (kind)
        WHERE over_at <= before GROUP BY kind`,
      [cameraId, now, asked.map(([kind]) => kind), asked.map(([, { before }]) => before)],
    );
    return rows.map(({ bytes, ...row }) => ({ ...row, bytes: Number(bytes), reasons: ['lock'] }));
  }

  /** Stored segments that ended until `before` and that a pin holds; empty: none. */
  async findFootage(manager: EntityManager, cameraId: string, now: Date, before: Date): Promise<HeldSum[]> {
    const [sum] = await manager.query<[{ objects: number; bytes: string }]>(
      `SELECT count(*)::int AS objects, coalesce(sum(size_bytes), 0) AS bytes FROM footage_segments s
        WHERE s.camera_id = $1 AND s.state = 'stored' AND s.start_at < $3 AND s.end_at <= $3 AND NOT (${UNPINNED_SQL})`,
      [cameraId, now, before],
    );
    if (sum.objects === 0) return [];
    const reasons = await manager.query<{ reason: string }[]>(
      `SELECT DISTINCT reason FROM footage_pins
        WHERE camera_id = $1 AND start_at < $3 AND (until_at IS NULL OR until_at > $2) ORDER BY reason`,
      [cameraId, now, before],
    );
    return [
      { kind: 'continuous', objects: sum.objects, bytes: Number(sum.bytes), reasons: reasons.map((row) => row.reason) },
    ];
  }
}
