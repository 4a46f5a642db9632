import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { AppError } from '../../common/errors.js';
import type { PagePosition } from '../../common/keyset.js';
import { Camera } from '../../schema/camera.entity.js';
import { ScheduleCamera } from '../../schema/schedule-camera.entity.js';
import { Schedule } from '../../schema/schedule.entity.js';

export type ShownSchedule = Schedule & { cameraIds: string[] };

export interface ScheduleFilter {
  cameraId?: string | undefined;
  enabled?: boolean | undefined;
}

/** Schedules and their cameras; a deleted schedule is in the table, but is found by nothing here. */
@Injectable()
export class ScheduleRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest first. */
  async findPage(
    { cameraId, enabled }: ScheduleFilter,
    limit: number,
    after: PagePosition | null,
  ): Promise<ShownSchedule[]> {
    const query = this.dataSource
      .getRepository(Schedule)
      .createQueryBuilder('schedule')
      .where('schedule.deletedAt IS NULL');
    if (enabled !== undefined) query.andWhere('schedule.enabled = :enabled', { enabled });
    if (cameraId)
      query.andWhere('schedule.id IN (SELECT schedule_id FROM schedule_cameras WHERE camera_id = :cameraId)', {
        cameraId,
      });
    if (after) query.andWhere('(schedule.createdAt, schedule.id) < (:at, :id)', after);
    const found = await query.orderBy({ 'schedule.createdAt': 'DESC', 'schedule.id': 'DESC' }).limit(limit).getMany();
    return this.withCameras(this.dataSource.manager, found);
  }

  /** @throws AppError `SCHEDULE.NOT_FOUND` */
  async get(id: string, manager: EntityManager = this.dataSource.manager): Promise<ShownSchedule> {
    const schedule = await manager.findOneBy(Schedule, { id, deletedAt: IsNull() });
    const [shown] = schedule ? await this.withCameras(manager, [schedule]) : [];
    return shown ?? notFound(id);
  }

  /** @throws AppError `SCHEDULE.NOT_FOUND` */
  async getLocked(manager: EntityManager, id: string): Promise<Schedule> {
    const where = { id, deletedAt: IsNull() };
    return (await manager.findOne(Schedule, { where, lock: { mode: 'pessimistic_write' } })) ?? notFound(id);
  }

  async save(manager: EntityManager, schedule: Schedule): Promise<Schedule> {
    return manager.save(Schedule, schedule);
  }

  /** @throws AppError `CAMERA.NOT_FOUND` for the first that there is not */
  async setCameras(manager: EntityManager, scheduleId: string, cameraIds: readonly string[]): Promise<void> {
    const ids = [...new Set(cameraIds)];
    const found = await manager.find(Camera, { where: { id: In(ids) }, select: { id: true } });
    const missing = ids.find((id) => !found.some((camera) => camera.id === id));
    if (missing !== undefined) throw new AppError({ code: 'CAMERA.NOT_FOUND', values: { id: missing } });
    await manager.delete(ScheduleCamera, { scheduleId });
    await manager.insert(
      ScheduleCamera,
      ids.map((cameraId) => ({ scheduleId, cameraId })),
    );
  }

  private async withCameras(manager: EntityManager, schedules: readonly Schedule[]): Promise<ShownSchedule[]> {
    const scheduleId = In(schedules.map(({ id }) => id));
    const rows = await manager.find(ScheduleCamera, { where: { scheduleId }, order: { cameraId: 'ASC' } });
    return schedules.map((schedule) => ({
      ...schedule,
      cameraIds: rows.filter((row) => row.scheduleId === schedule.id).map(({ cameraId }) => cameraId),
    }));
  }
}

function notFound(id: string): never {
  throw new AppError({ code: 'SCHEDULE.NOT_FOUND', values: { id } });
}
