import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';

/** SQL for `footage_nodes` with the node of parameter 2 among them. */
export const WITH_NODE = `CASE WHEN $2::uuid = ANY (footage_nodes) THEN footage_nodes ELSE footage_nodes || $2::uuid END`;

/** One row of `playbacks`, as whoever changes it must read it. */
@Injectable()
export class PlaybackRows {
  constructor(private readonly dataSource: DataSource) {}

  /** Nobody else changes this row until the transaction of `manager` ends. */
  async findLocked(manager: EntityManager, id: string): Promise<Playback | null> {
    return manager.findOne(Playback, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async findById(id: string): Promise<Playback | null> {
    return this.dataSource.manager.findOneBy(Playback, { id });
  }
}
