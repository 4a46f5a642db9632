import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { Clock } from '../../common/clock.js';
import { KeepingRepository } from './keeping.repository.js';
import { LockRepository } from './lock.repository.js';
import { RemovalRepository } from './removal.repository.js';
import { TombstonePurger } from './tombstone-purger.service.js';

/** How a person deletes a playback: by the same steps as everything else that goes. */
@Injectable()
export class PlaybackRemoval {
  constructor(
    private readonly keeping: KeepingRepository,
    private readonly removals: RemovalRepository,
    private readonly locks: LockRepository,
    private readonly purger: TombstonePurger,
    private readonly clock: Clock,
  ) {}

  /** Before its row is locked, always in this order: until the transaction ends nobody else deletes of the camera. */
  async begin(manager: EntityManager, cameraId: string): Promise<void> {
    await this.keeping.lock(manager, cameraId);
  }

  /**
   * Deletes the row of a final playback, in the transaction of `manager`.
   * @throws AppError `PLAYBACK.LOCKED`
   * @returns the keys of its objects, which go after the transaction, however long their store is away
   */
  async remove(manager: EntityManager, playbackId: string): Promise<string[]> {
    const now = this.clock.now();
    const lock = await this.locks.findOfPlayback(manager, playbackId, now);
    if (lock) throw new AppError({ code: 'PLAYBACK.LOCKED', values: { lock: lock.id, why: lock.note ?? 'no note' } });
    return (await this.removals.removePlaybacks(manager, [playbackId], now)).map(({ key }) => key);
  }

  /** After the transaction: whoever waits for it is to find the objects gone, if their store is well. Never throws. */
  async finish(keys: readonly string[]): Promise<void> {
    await this.purger.tryNow(keys);
  }
}
