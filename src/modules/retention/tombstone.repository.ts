import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { TombstoneStore } from '../../schema/footage.entity.js';

/** An object whose row goes. */
export interface DoomedObject {
  store: TombstoneStore;
  key: string;
  sizeBytes: number;
}

export interface DueTombstone {
  id: string;
  key: string;
  tries: number;
}

/** Objects whose rows are gone. */
@Injectable()
export class TombstoneRepository {
  /** In the transaction that deletes the rows: the objects go after it, however long their store is away. */
  async insert(manager: EntityManager, objects: readonly DoomedObject[]): Promise<void> {
    if (objects.length === 0) return;
    await manager.query(
      `INSERT INTO tombstones (store, key, size_bytes) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])`,
      [
        objects.map(({ store }) => store),
        objects.map(({ key }) => key),
        objects.map(({ sizeBytes }) => Math.round(sizeBytes)),
      ],
    );
  }

  /**
   * Those that are due, the longest first; nobody else takes them until the transaction ends.
   * @param keys set: these, due or not
   */
  async claim(
    manager: EntityManager,
    store: TombstoneStore,
    limit: number,
    keys?: readonly string[],
  ): Promise<DueTombstone[]> {
    return manager.query<DueTombstone[]>(
      `SELECT id, key, tries FROM tombstones WHERE store = $1 AND ${keys ? 'key = ANY ($3)' : 'retry_at <= now()'}
        ORDER BY retry_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [store, limit, ...(keys ? [keys] : [])],
    );
  }

  async remove(manager: EntityManager, ids: readonly string[]): Promise<void> {
    await manager.query('DELETE FROM tombstones WHERE id = ANY ($1)', [ids]);
  }

  async postpone(manager: EntityManager, ids: readonly string[], pausesMs: readonly number[]): Promise<void> {
    await manager.query(
      `UPDATE tombstones SET tries = tries + 1, retry_at = now() + pause * interval '1 millisecond'
         FROM unnest($1::bigint[], $2::float8[]) AS late (id, pause) WHERE tombstones.id = late.id`,
      [ids, pausesMs],
    );
  }

  /** Bytes that are as good as free. */
  async countBytes(manager: EntityManager, stores: readonly TombstoneStore[]): Promise<number> {
    const [{ bytes }] = await manager.query<[{ bytes: string }]>(
      'SELECT coalesce(sum(size_bytes), 0) AS bytes FROM tombstones WHERE store = ANY ($1)',
      [stores],
    );
    return Number(bytes);
  }

  async count(manager: EntityManager): Promise<number> {
    const [{ count }] = await manager.query<[{ count: number }]>('SELECT count(*)::int AS count FROM tombstones');
    return count;
  }
}
