import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import type { KeptItem, Pin } from './domain/plan-victims.js';

/** Read at once of one camera: what goes in one transaction. */
export const ITEMS_AT_ONCE = 1_000;

/** What of a kind is read for a plan. */
export interface Cutoff {
  /** It ended until then. */
  before: Date;
  /** What has no bytes is left out. */
  isForBytes: boolean;
}

/** A kind that is missing is not read. */
export type Cutoffs = Partial<Record<KeptKind, Cutoff>>;

/** True for a segment `s` that no pin holds at $2. */
export const UNPINNED_SQL = `NOT EXISTS (
  SELECT FROM footage_pins pin
   WHERE pin.camera_id = s.camera_id AND pin.start_at < s.end_at AND pin.end_at > s.start_at
     AND (pin.until_at IS NULL OR pin.until_at > $2))`;

/** True for a row of `playbacks` that no lock holds at `now`, SQL for an instant. */
export const unlockedSql = (now: string) => `NOT EXISTS (
  SELECT FROM playback_locks l WHERE l.playback_id = playbacks.id AND (l.until_at IS NULL OR l.until_at > ${now}))`;

interface ItemRow extends Pick<KeptItem, 'id' | 'kind'> {
  startAt: Date;
  endAt: Date;
  sizeBytes: string;
}

/** What there is of one camera, and what holds it. */
@Injectable()
export class KeepingRepository {
  /** Until the transaction ends nobody else deletes of this camera, and nobody pins anything of it. */
  async lock(manager: EntityManager, cameraId: string): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('keeping:' || $1, 0))`, [cameraId]);
  }

  async findPins(manager: EntityManager, cameraId: string, now: Date): Promise<Pin[]> {
    const rows = await manager.query<{ startAt: Date; endAt: Date; untilAt: Date | null; playbackId: string | null }[]>(
      `SELECT start_at AS "startAt", end_at AS "endAt", until_at AS "untilAt", NULL::uuid AS "playbackId"
         FROM footage_pins WHERE camera_id = $1 AND (until_at IS NULL OR until_at > $2)
       UNION ALL
       SELECT playback.created_at, playback.created_at, lock.until_at, playback.id
         FROM playback_locks lock JOIN playbacks playback ON playback.id = lock.playback_id
        WHERE playback.camera_id = $1 AND (lock.until_at IS NULL OR lock.until_at > $2)`,
      [cameraId, now],
    );
    return rows.map(({ startAt, endAt, untilAt, playbackId }) => ({
      ...{ startMs: startAt.getTime(), endMs: endAt.getTime(), playbackId },
      untilMs: untilAt?.getTime() ?? null,
    }));
  }

  async findUsed(manager: EntityManager, cameraId: string): Promise<Record<KeptKind, number>> {
    const rows = await manager.query<{ kind: string; bytes: string }[]>(
      'SELECT kind, bytes FROM storage_usage WHERE camera_id = $1',
      [cameraId],
    );
    const bytesOf = new Map(rows.map(({ kind, bytes }) => [kind, Number(bytes)]));
    return Object.fromEntries(KEPT_KINDS.map((kind) => [kind, bytesOf.get(kind) ?? 0])) as Record<KeptKind, number>;
  }

  /** The oldest that no pin holds, of segments and of playbacks as many as go at once. */
  async findItems(manager: EntityManager, cameraId: string, now: Date, cutoffs: Cutoffs): Promise<KeptItem[]> {
    const { continuous, ...others } = cutoffs;
    const segments = continuous ? await this.findSegments(manager, cameraId, now, continuous.before) : [];
    const playbacks = Object.keys(others).length > 0 ? await this.findPlaybacks(manager, cameraId, now, others) : [];
    return [...segments, ...playbacks].map(({ startAt, endAt, sizeBytes, ...rest }) => ({
      ...rest,
      startMs: startAt.getTime(),
      endMs: endAt.getTime(),
      sizeBytes: Number(sizeBytes),
    }));
  }

  private async findSegments(manager: EntityManager, cameraId: string, now: Date, before: Date): Promise<ItemRow[]> {
    return manager.query<ItemRow[]>(
      `SELECT 'continuous' AS kind, s.capture_id || '/' || s.number AS id, s.start_at AS "startAt", s.end_at AS "endAt",
              s.size_bytes AS "sizeBytes"
         FROM footage_segments s
        WHERE s.camera_id = $1 AND s.state = 'stored' AND s.start_at < $3 AND s.end_at <= $3 AND ${UNPINNED_SQL}
        ORDER BY s.start_at LIMIT $4`,
      [cameraId, now, before, ITEMS_AT_ONCE],
    );
  }

  private async findPlaybacks(
    manager: EntityManager,
    cameraId: string,
    now: Date,
    cutoffs: Cutoffs,
  ): Promise<ItemRow[]> {
    const asked = Object.values(cutoffs);
    return manager.query<ItemRow[]>(
      `SELECT kind, id, created_at AS "startAt", over_at AS "endAt", size AS "sizeBytes"
         FROM (SELECT id, created_at, kind, coalesce(file_size_bytes, 0) AS size,
                      greatest(ended_at, range_end_at, created_at) AS over_at
                 FROM playbacks
                WHERE camera_id = $1 AND created_at <= (SELECT max(latest) FROM unnest($3::timestamptz[]) latest)
                  AND recording_status IN ('COMPLETED', 'FAILED') AND ${unlockedSql('$6')}) playback
         JOIN unnest($2::text[], $3::timestamptz[], $5::boolean[]) AS cutoff (kind, before, for_bytes) USING (kind)
        WHERE over_at <= before AND (size > 0 OR NOT for_bytes) ORDER BY created_at LIMIT $4`,
      [
        ...[cameraId, Object.keys(cutoffs), asked.map(({ before }) => before), ITEMS_AT_ONCE],
        ...[asked.map(({ isForBytes }) => isForBytes), now],
      ],
    );
  }
}
