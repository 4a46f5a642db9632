import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { JobHandlers, JobQueue, objectDeleteKey } from '../jobs/index.js';
import { ObjectStore } from '../storage/index.js';

/** A caller waits this long for the store at most; the job goes on without it. */
const TRY_NOW_MS = 3_000;

/** Removes the objects of deleted playbacks: by a job, so that none is forgotten, and at once when the store is well. */
@Injectable()
export class ObjectRemovalService {
  constructor(
    private readonly queue: JobQueue,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    handlers: JobHandlers,
    config: AppConfig,
  ) {
    if (config.role === 'all' || config.role === 'worker') {
      handlers.register('object.delete', ({ key }) => this.store.delete(key));
    }
  }

  /** Leaves the tombstones: the objects go after `manager`'s transaction is committed, however long the store is away. */
  async order(manager: EntityManager, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await this.queue.enqueue(manager, 'object.delete', { key }, { key: objectDeleteKey(key) });
    }
  }

  /** Never throws: what fails here is left to the job. */
  async tryNow(keys: readonly string[]): Promise<void> {
    const done = new AbortController();
    const attempts = Promise.all(keys.map((key) => this.tryOne(key))).finally(() => done.abort());
    await Promise.race([attempts, this.clock.sleep(TRY_NOW_MS, done.signal)]);
  }

  private async tryOne(key: string): Promise<void> {
    try {
      await this.store.delete(key);
    } catch (error) {
      this.logger.warn('an object could not be deleted yet, its job tries again', { key, err: error });
    }
  }
}
