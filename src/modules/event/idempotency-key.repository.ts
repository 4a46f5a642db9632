import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { IdempotencyKey } from '../../schema/idempotency-key.entity.js';

/** First answers to requests with an `Idempotency-Key`. */
@Injectable()
export class IdempotencyKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Takes a key for the transaction of `manager`; a second taker waits until the first has committed.
   * @returns the first answer's row when the key was taken before, else null
   */
  async take(manager: EntityManager, userId: string, key: string, requestHash: string): Promise<IdempotencyKey | null> {
    const inserted: unknown[] = await manager.query(
      `INSERT INTO idempotency_keys (user_id, key, request_hash, response) VALUES ($1, $2, $3, '{}')
         ON CONFLICT DO NOTHING RETURNING key`,
      [userId, key, requestHash],
    );
    return inserted.length > 0 ? null : manager.findOneByOrFail(IdempotencyKey, { userId, key });
  }

  async saveAnswer(
    manager: EntityManager,
    userId: string,
    key: string,
    response: Record<string, unknown>,
  ): Promise<void> {
    await manager.query('UPDATE idempotency_keys SET response = $3 WHERE user_id = $1 AND key = $2', [
      userId,
      key,
      JSON.stringify(response),
    ]);
  }

  async deleteBefore(instant: Date): Promise<void> {
    await this.dataSource.query('DELETE FROM idempotency_keys WHERE created_at < $1', [instant]);
  }
}
