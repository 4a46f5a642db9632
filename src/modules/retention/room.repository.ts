import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { KeptKind } from '../../schema/kept-kind.js';
import type { Candidate } from './domain/share-wanted.js';
import { unlockedSql, UNPINNED_SQL } from './keeping.repository.js';

/** Read at once, of all cameras. */
const CANDIDATES_AT_ONCE = 1_000;
/** Read at once of each camera: with many cameras its share of the above is far smaller. */
const OF_A_CAMERA = 200;

/** Room that cannot be made. */
export interface Shortage {
  place: string;
  shortBytes: number;
  since: Date;
}

/** What one camera takes of one kind. */
export interface Usage {
  cameraId: string;
  cameraName: string;
  isDeleted: boolean;
  kind: KeptKind;
  bytes: number;
  objects: number;
}

/** What there is of all cameras, and what of it could go to make room. */
@Injectable()
export class RoomRepository {
  /** One process at a time makes room: two would each delete what one of them needs. */
  async tryLock(manager: EntityManager): Promise<boolean> {
    const [{ locked }] = await manager.query<[{ locked: boolean }]>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended('retention.room', 0)) AS locked`,
    );
    return locked;
  }

  async countBytes(manager: EntityManager): Promise<number> {
    const [{ bytes }] = await manager.query<[{ bytes: string }]>(
      'SELECT coalesce(sum(bytes), 0) AS bytes FROM storage_usage',
    );
    return Number(bytes);
  }

  /** Cameras that have something of a kind, deleted ones too. */
  async findCameras(manager: EntityManager, kind: KeptKind): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      'SELECT camera_id AS id FROM storage_usage WHERE kind = $1 AND bytes > 0',
      [kind],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * The oldest of a kind that no pin holds.
   * @param floors of each camera, what ended until then
   */
  async findCandidates(
    manager: EntityManager,
    kind: KeptKind,
    floors: ReadonlyMap<string, Date>,
    now: Date,
  ): Promise<Candidate[]> {
    const oldest = kind === 'continuous' ? SEGMENTS_SQL : PLAYBACKS_SQL;
    const rows = await manager.query<{ cameraId: string; startAt: Date; sizeBytes: string }[]>(
      `SELECT floor.camera_id AS "cameraId", oldest.start_at AS "startAt", oldest.size AS "sizeBytes"
         FROM unnest($1::uuid[], $3::timestamptz[]) AS floor (camera_id, before)
         CROSS JOIN LATERAL (${oldest} LIMIT ${OF_A_CAMERA}) oldest
        ORDER BY oldest.start_at LIMIT ${CANDIDATES_AT_ONCE}`,
      [[...floors.keys()], now, [...floors.values()], ...(kind === 'continuous' ? [] : [kind])],
    );
    return rows.map(({ cameraId, startAt, sizeBytes }) => ({
      ...{ cameraId, kind },
      startMs: startAt.getTime(),
      sizeBytes: Number(sizeBytes),
    }));
  }

  /** Says what is wanted at a place and cannot be freed, or that all is well there. */
  async noteShortage(manager: EntityManager, place: string, shortBytes: number, now: Date): Promise<void> {
    if (shortBytes <= 0) {
      await manager.query('DELETE FROM storage_shortages WHERE place = $1', [place]);
      return;
    }
    await manager.query(
      `INSERT INTO storage_shortages (place, short_bytes, since) VALUES ($1, $2, $3)
           ON CONFLICT (place) DO UPDATE SET short_bytes = excluded.short_bytes`,
      [place, Math.ceil(shortBytes), now],
    );
  }

  async findShortages(manager: EntityManager): Promise<Shortage[]> {
    const rows = await manager.query<(Shortage & { shortBytes: string })[]>(
      `SELECT place, short_bytes AS "shortBytes", since FROM storage_shortages ORDER BY place`,
    );
    return rows.map((row) => ({ ...row, shortBytes: Number(row.shortBytes) }));
  }

  /** What takes how much, the largest first. */
  async findUsage(manager: EntityManager, limit?: number): Promise<Usage[]> {
    const rows = await manager.query<(Usage & { bytes: string; objects: string })[]>(
      `SELECT usage.camera_id AS "cameraId", camera.name AS "cameraName", camera.deleted_at IS NOT NULL AS "isDeleted",
              kind, bytes, objects
         FROM storage_usage usage JOIN cameras camera ON camera.id = usage.camera_id
        WHERE bytes > 0 OR objects > 0 ORDER BY bytes DESC, usage.camera_id, kind LIMIT $1`,
      [limit ?? null],
    );
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes), objects: Number(row.objects) }));
  }
}

const SEGMENTS_SQL = `SELECT s.start_at, s.size_bytes AS size FROM footage_segments s
  WHERE s.camera_id = floor.camera_id AND s.state = 'stored' AND s.start_at < floor.before
    AND s.end_at <= floor.before AND ${UNPINNED_SQL}
  ORDER BY s.start_at`;

const PLAYBACKS_SQL = `SELECT created_at AS start_at, file_size_bytes AS size FROM playbacks
  WHERE camera_id = floor.camera_id AND recording_status IN ('COMPLETED', 'FAILED') AND file_size_bytes > 0
    AND created_at <= floor.before AND kind = $4 AND ${unlockedSql('$2')} AND greatest(ended_at, range_end_at, created_at) <= floor.before
  ORDER BY created_at`;
