import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Schedule } from '../../schema/schedule.entity.js';
import type { PlannedWindow } from './domain/window-plan.js';

export interface StaleScope {
  now: Date;
  zoneData: string;
  /** What is planned up to then needs nothing. */
  enoughUntil: Date;
  /** Schedules that were looked at already. */
  skipIds: readonly string[];
}

/** The rows of what schedules plan. Every method works in the transaction of `manager`. */
@Injectable()
export class OccurrencePlanRepository {
  /** A schedule that is not planned far enough, or by older rules of the zones; locked, and none that another process has locked. */
  async lockStale(manager: EntityManager, { zoneData, enoughUntil, skipIds }: StaleScope): Promise<Schedule | null> {
    return manager
      .createQueryBuilder(Schedule, 'schedule')
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .where('schedule.enabled AND schedule.deletedAt IS NULL AND schedule.zoneData <= :zoneData', { zoneData })
      .andWhere('(schedule.plannedUntil < :enoughUntil OR schedule.zoneData < :zoneData)', { enoughUntil, zoneData })
      .andWhere('schedule.id <> ALL(:skipIds::uuid[])', { skipIds })
      .orderBy({ 'schedule.plannedUntil': 'ASC', 'schedule.id': 'ASC' })
      .limit(1)
      .getOne();
  }

  async countCameras(manager: EntityManager, scheduleId: string): Promise<number> {
    const [row] = await manager.query<[{ count: number }]>(
      'SELECT count(*)::int FROM schedule_cameras WHERE schedule_id = $1',
      [scheduleId],
    );
    return row.count;
  }

  /** A row for each window and each camera. Those that are there already are moved, unless somebody has edited, cancelled or begun them. */
  async upsert(
    manager: EntityManager,
    { id, version }: Pick<Schedule, 'id' | 'version'>,
    windows: readonly PlannedWindow[],
    now: Date,
  ): Promise<void> {
    const instants = (pick: (window: PlannedWindow) => number) =>
      windows.map((window) => new Date(pick(window)).toISOString());
    await manager.query(
      `INSERT INTO occurrences (schedule_id, camera_id, wall_key, schedule_version, starts_at, ends_at, record_from, record_to, note)
       SELECT $1, s.camera_id, w.wall_key, $2, w.starts_at, w.ends_at, w.record_from, w.record_to, w.note
         FROM schedule_cameras s JOIN cameras c ON c.id = s.camera_id AND c.deleted_at IS NULL
        CROSS JOIN unnest($4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::text[])
                AS w (wall_key, starts_at, ends_at, record_from, record_to, note)
        WHERE s.schedule_id = $1
       ON CONFLICT ON CONSTRAINT occurrences_wall_key DO UPDATE
          SET schedule_version = excluded.schedule_version, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
              record_from = excluded.record_from, record_to = excluded.record_to, note = excluded.note
        WHERE occurrences.state = 'planned' AND NOT occurrences.edited AND occurrences.record_from > $3
          AND (occurrences.starts_at, occurrences.ends_at, occurrences.record_from, occurrences.record_to)
              IS DISTINCT FROM (excluded.starts_at, excluded.ends_at, excluded.record_from, excluded.record_to)`,
      [
        ...[id, version, now, windows.map(({ wallKey }) => wallKey)],
        ...[instants(({ startMs }) => startMs), instants(({ endMs }) => endMs)],
        ...[instants(({ recordFromMs }) => recordFromMs), instants(({ recordToMs }) => recordToMs)],
        windows.map(({ note }) => note),
      ],
    );
  }

  /** Removes what is still to come and not among `keptKeys`, or is of a camera that is not the schedule's any more. What was edited stays. */
  async removeOthers(
    manager: EntityManager,
    scheduleId: string,
    keptKeys: readonly string[],
    now: Date,
  ): Promise<void> {
    await manager.query(
      `DELETE FROM occurrences o WHERE o.schedule_id = $1 AND o.state = 'planned' AND o.record_from > $3
          AND ((NOT o.edited AND o.wall_key <> ALL ($2::text[])) OR NOT EXISTS (
            SELECT FROM schedule_cameras s WHERE s.schedule_id = o.schedule_id AND s.camera_id = o.camera_id))`,
      [scheduleId, keptKeys, now],
    );
  }

  /** Removes all that has not begun and is not over: the schedule is switched off, or deleted. */
  async removePlanned(manager: EntityManager, scheduleId: string, now: Date): Promise<void> {
    await manager.query(`DELETE FROM occurrences WHERE schedule_id = $1 AND state = 'planned' AND record_to > $2`, [
      scheduleId,
      now,
    ]);
  }

  /** Of a camera that is gone nothing is to come. */
  async removeOfDeletedCameras(manager: EntityManager, now: Date): Promise<void> {
    await manager.query(
      `DELETE FROM occurrences o USING cameras c
        WHERE c.id = o.camera_id AND c.deleted_at IS NOT NULL AND o.state = 'planned' AND o.record_to > $1`,
      [now],
    );
  }

  async setPlanned(
    manager: EntityManager,
    id: string,
    { plannedUntil, zoneData }: Pick<Schedule, 'plannedUntil' | 'zoneData'>,
  ): Promise<void> {
    await manager.update(Schedule, { id }, { plannedUntil, zoneData });
  }
}
