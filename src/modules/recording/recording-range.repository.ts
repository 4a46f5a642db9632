import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';
import { type EndReason, OPEN_SQL } from '../../schema/playback-state.js';
import type { OpenRange } from './domain/range-plan.js';

/** Class of the locks below; the other half of the key is the camera. */
const MERGE_LOCK = 0x4d_52_47_45;

export interface Joinable {
  cameraId: string;
  now: Date;
  /** A range that begins before this is long enough. */
  oldestStart: Date;
}

/** The wanted range of a playback, as triggers, ends and stops change it. Every method works in the transaction of `manager`. */
@Injectable()
export class RecordingRangeRepository {
  /** Lets one trigger of this camera at a time decide what it joins; held until the transaction ends. */
  async lockMerging(manager: EntityManager, cameraId: string): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [MERGE_LOCK, cameraId]);
  }

  /**
   * The newest recording of a camera that an event may join, locked: an event opened it, and it is still open or in its post-roll.
   * One that was stopped by hand, or that ended for any reason but its event's end, is over.
   */
  async findJoinable(manager: EntityManager, { cameraId, now, oldestStart }: Joinable): Promise<Playback | null> {
    return manager
      .createQueryBuilder(Playback, 'playback')
      .setLock('pessimistic_write')
      .where(`playback.cameraId = :cameraId AND playback.recordingStatus IN ${OPEN_SQL}`, { cameraId })
      .andWhere('playback.eventId IS NOT NULL AND playback.rangeStartAt >= :oldestStart', { oldestStart })
      .andWhere('(playback.rangeEndAt IS NULL OR playback.rangeEndAt > :now)', { now })
      .andWhere(`(playback.endReason IS NULL OR playback.endReason = 'event_ended')`)
      .orderBy({ 'playback.createdAt': 'DESC', 'playback.id': 'DESC' })
      .limit(1)
      .getOne();
  }

  /** Opens the range again, or keeps it open, with another start and dead-man limit. */
  async reopen(manager: EntityManager, id: string, { startMs, deadlineMs }: OpenRange): Promise<void> {
    const range = { rangeStartAt: new Date(startMs), deadlineAt: new Date(deadlineMs) };
    await manager.update(Playback, { id }, { ...range, rangeEndAt: null, endReason: null });
  }

  /**
   * Closes an open range, at most at its dead-man limit. The end of an event leaves the camera's post-roll and a range that is closed
   * already; any other reason ends the recording at `at`, also in the middle of its post-roll.
   */
  async close(manager: EntityManager, id: string, at: Date, reason: EndReason): Promise<void> {
    await manager.query(
      `UPDATE playbacks p SET end_reason = $3::varchar,
              range_end_at = greatest(p.range_start_at, least(p.range_end_at, p.deadline_at, $2::timestamptz
                + CASE WHEN $3::varchar = 'event_ended' THEN c.post_roll_sec ELSE 0 END * interval '1 second'))
         FROM cameras c
        WHERE p.id = $1 AND c.id = p.camera_id AND p.recording_status IN ${OPEN_SQL} AND p.kind <> 'export'
          AND (p.range_end_at IS NULL OR ($3::varchar <> 'event_ended' AND p.range_end_at > $2::timestamptz))`,
      [id, at, reason],
    );
  }

  /** How many recordings have not begun yet, counted up to `limit`. */
  async countPending(manager: EntityManager, limit: number): Promise<number> {
    const [row] = await manager.query<[{ count: number }]>(
      `SELECT count(*)::int FROM (SELECT FROM playbacks WHERE recording_status = 'PENDING' AND kind <> 'export' LIMIT $1) pending`,
      [limit],
    );
    return row.count;
  }
}
