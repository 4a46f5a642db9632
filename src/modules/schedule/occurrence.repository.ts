import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { PagePosition } from '../../common/keyset.js';
import { Occurrence, type OccurrenceState, type OccurrenceStatus } from '../../schema/occurrence.entity.js';

/** An occurrence with what its schedule, its camera and its playback say. */
export interface ShownOccurrence {
  id: string;
  scheduleId: string;
  scheduleName: string;
  cameraId: string;
  cameraName: string;
  startsAt: Date;
  endsAt: Date;
  recordFrom: Date;
  recordTo: Date;
  state: OccurrenceState;
  status: OccurrenceStatus;
  edited: boolean;
  playbackId: string | null;
  earlierPlaybackIds: string[];
  attempts: number;
  note: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  /** Until when its playback has footage. */
  footageEndAt: Date | null;
}

export interface OccurrenceFilter {
  scheduleId?: string | undefined;
  cameraId?: string | undefined;
  status?: OccurrenceStatus | undefined;
  /** `startsAt` in [from, to). */
  from?: Date | undefined;
  to?: Date | undefined;
}

/** Who has not begun when its time is over has been missed. A playback that somebody has deleted since was there. */
const STATUS = `CASE
  WHEN o.state = 'cancelled' THEN 'cancelled'
  WHEN o.state = 'planned' THEN CASE WHEN o.record_to <= $1 THEN 'failed' ELSE 'scheduled' END
  WHEN p.recording_status = 'FAILED' THEN 'failed'
  WHEN p.id IS NULL OR p.recording_status = 'COMPLETED' THEN 'completed'
  ELSE 'recording' END`;

const SHOWN = `SELECT o.id, o.schedule_id AS "scheduleId", s.name AS "scheduleName", o.camera_id AS "cameraId", c.name AS "cameraName",
    o.starts_at AS "startsAt", o.ends_at AS "endsAt", o.record_from AS "recordFrom", o.record_to AS "recordTo", o.state, ${STATUS} AS status,
    o.edited, o.playback_id AS "playbackId", o.earlier_playback_ids AS "earlierPlaybackIds", o.attempts, o.note,
    p.failure_code AS "failureCode", p.failure_message AS "failureMessage", p.ended_at AS "footageEndAt"
  FROM occurrences o JOIN schedules s ON s.id = o.schedule_id JOIN cameras c ON c.id = o.camera_id
  LEFT JOIN playbacks p ON p.id = o.playback_id`;

/** Reads and changes single occurrences. */
@Injectable()
export class OccurrenceRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** By when they start, the earliest first. */
  async findPage(
    { scheduleId, cameraId, status, from, to }: OccurrenceFilter,
    { now, limit, after }: { now: Date; limit: number; after: PagePosition | null },
  ): Promise<ShownOccurrence[]> {
    const parameters: unknown[] = [now, limit];
    const conditions: string[] = [];
    const where = (sql: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      parameters.push(value);
      conditions.push(sql(`$${parameters.length}`));
    };
    where((place) => `o.schedule_id = ${place}`, scheduleId);
    where((place) => `o.camera_id = ${place}`, cameraId);
    where((place) => `${STATUS} = ${place}`, status);
    where((place) => `o.starts_at >= ${place}`, from);
    where((place) => `o.starts_at < ${place}`, to);
    if (after) {
      parameters.push(after.at, after.id);
      conditions.push(`(o.starts_at, o.id) > ($${parameters.length - 1}, $${parameters.length}::uuid)`);
    }
    const filter = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    return this.dataSource.query(`${SHOWN} ${filter} ORDER BY o.starts_at, o.id LIMIT $2`, parameters);
  }

  async find(id: string, now: Date): Promise<ShownOccurrence | null> {
    const [row] = await this.dataSource.query<ShownOccurrence[]>(`${SHOWN} WHERE o.id = $2`, [now, id]);
    return row ?? null;
  }

  /** Locked until the transaction of `manager` ends. */
  async findLocked(manager: EntityManager, id: string, now: Date): Promise<ShownOccurrence | null> {
    const [row] = await manager.query<ShownOccurrence[]>(`${SHOWN} WHERE o.id = $2 FOR UPDATE OF o`, [now, id]);
    return row ?? null;
  }

  async update(
    manager: EntityManager,
    id: string,
    fields: Partial<Pick<Occurrence, 'state' | 'edited' | 'startsAt' | 'endsAt' | 'recordFrom' | 'recordTo'>>,
  ): Promise<void> {
    await manager.update(Occurrence, { id }, fields);
  }

  /** A new attempt; the playback of the last one is kept in mind. */
  async setStarted(manager: EntityManager, id: string, playbackId: string): Promise<void> {
    await manager.query(
      `UPDATE occurrences SET state = 'started', attempts = attempts + 1, playback_id = $2,
              earlier_playback_ids = earlier_playback_ids || array_remove(ARRAY[playback_id], NULL)
        WHERE id = $1`,
      [id, playbackId],
    );
  }
}
