import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { PagePosition } from '../../common/keyset.js';
import { CameraEvent } from '../../schema/event.entity.js';

export interface EventFilter {
  cameraId?: string | undefined;
  /** Every event that opened or joined it. */
  playbackId?: string | undefined;
  type?: string | undefined;
  /** `occurredAt` in [from, to). */
  from?: Date | undefined;
  to?: Date | undefined;
}

@Injectable()
export class EventRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** With its camera, also a deleted one. */
  async findById(id: string, manager: EntityManager = this.dataSource.manager): Promise<CameraEvent | null> {
    return manager.findOne(CameraEvent, { where: { id }, relations: { camera: true }, withDeleted: true });
  }

  /** The newest first. */
  async findPage(filter: EventFilter, limit: number, after: PagePosition | null): Promise<CameraEvent[]> {
    const query = this.filtered(filter).leftJoinAndSelect('event.camera', 'camera').withDeleted();
    if (after) query.andWhere('(event.occurredAt, event.id) < (:at, :afterId)', { at: after.at, afterId: after.id });
    return query.orderBy({ 'event.occurredAt': 'DESC', 'event.id': 'DESC' }).limit(limit).getMany();
  }

  async count(filter: EventFilter): Promise<number> {
    return this.filtered(filter).getCount();
  }

  /** Sets the end once; a second end changes nothing. */
  async setEnded(manager: EntityManager, id: string, at: Date): Promise<void> {
    await manager.query('UPDATE events SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL', [id, at]);
  }

  /**
   * When the last event of a playback ended; null while one of them goes on. An event that nobody has ended within the camera's dead-man
   * limit does not hold the recording open for the others.
   */
  async findLastEnd(manager: EntityManager, playbackId: string, now: Date): Promise<Date | null> {
    const [row] = await manager.query<[{ last: Date | null; goesOn: boolean | null }]>(
      `SELECT max(e.ended_at) AS last,
              bool_or(e.ended_at IS NULL AND e.created_at + c.max_recording_sec * interval '1 second' > $2) AS "goesOn"
         FROM events e JOIN cameras c ON c.id = e.camera_id
        WHERE e.playback_id = $1`,
      [playbackId, now],
    );
    return row.goesOn ? null : row.last;
  }

  private filtered({ cameraId, playbackId, type, from, to }: EventFilter): SelectQueryBuilder<CameraEvent> {
    const query = this.dataSource.getRepository(CameraEvent).createQueryBuilder('event').where('true');
    if (cameraId) query.andWhere('event.cameraId = :cameraId', { cameraId });
    if (playbackId) query.andWhere('event.playbackId = :playbackId', { playbackId });
    if (type) query.andWhere('event.type = :type', { type });
    if (from) query.andWhere('event.occurredAt >= :from', { from });
    if (to) query.andWhere('event.occurredAt < :to', { to });
    return query;
  }
}
