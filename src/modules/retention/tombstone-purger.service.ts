import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import type { TombstoneStore } from '../../schema/footage.entity.js';
import { FootageStore, ObjectStore } from '../storage/index.js';
import { FootageStoreMark } from './footage-store-mark.js';
import { type DueTombstone, TombstoneRepository } from './tombstone.repository.js';

/** Footage: what a store deletes in one request. Playbacks: each takes requests of its own, since parts of it may have been left behind. */
const AT_ONCE: Record<TombstoneStore, number> = { footage: 1_000, playbacks: 20 };
const RETRY = { firstMs: 1_000, maxMs: 3_600_000 };
/** A caller waits this long for the store at most. */
const TRY_NOW_MS = 3_000;
const LATER = 'objects of deleted rows are not gone yet; trying again later';

/** Deletes the objects whose rows are gone, and forgets them only when their store has said so. */
@Injectable()
export class TombstonePurger {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tombstones: TombstoneRepository,
    private readonly playbacks: ObjectStore,
    private readonly footage: FootageStore,
    private readonly mark: FootageStoreMark,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  /** All that are due. */
  async purge(): Promise<void> {
    while ((await this.purgeSome('playbacks')) === AT_ONCE.playbacks);
    while ((await this.purgeSome('footage')) === AT_ONCE.footage);
  }

  /** Objects of playbacks that were deleted just now. Never throws, and waits for no store for long: what fails here is tried again. */
  async tryNow(keys: readonly string[]): Promise<void> {
    const done = new AbortController();
    const purged = this.purgeSome('playbacks', keys)
      .catch((error: unknown) => this.logger.warn(LATER, { err: error }))
      .finally(() => done.abort());
    await Promise.race([purged, this.clock.sleep(TRY_NOW_MS, done.signal)]);
  }

  /** @returns how many were deleted */
  private async purgeSome(store: TombstoneStore, keys?: readonly string[]): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const due = await this.tombstones.claim(manager, store, AT_ONCE[store], keys);
      if (due.length === 0) return 0;
      const failed = await this.deleteObjects(store, due);
      const late = due.filter(({ key }) => failed.has(key));
      const gone = due.filter(({ key }) => !failed.has(key));
      await this.tombstones.remove(
        manager,
        gone.map(({ id }) => id),
      );
      const pausesMs = late.map(({ tries }) => backoffMs(tries + 1, RETRY));
      await this.tombstones.postpone(
        manager,
        late.map(({ id }) => id),
        pausesMs,
      );
      return gone.length;
    });
  }

  /** @returns the keys whose objects may still be there */
  private async deleteObjects(store: TombstoneStore, due: readonly DueTombstone[]): Promise<Set<string>> {
    const keys = due.map(({ key }) => key);
    try {
      const failed = store === 'footage' ? await this.deleteFootage(keys) : await this.deletePlaybacks(keys);
      if (failed.length > 0) this.logger.warn(LATER, { store, objects: failed.length, first: failed[0] });
      return new Set(failed);
    } catch (error) {
      this.logger.warn(LATER, { store, objects: keys.length, err: error });
      return new Set(keys);
    }
  }

  private async deleteFootage(keys: readonly string[]): Promise<readonly string[]> {
    if (!(await this.mark.isOurs()))
      throw new Error('the store of footage does not carry the mark of this installation');
    return (await this.footage.deleteMany(keys)).map(({ key }) => key);
  }

  private async deletePlaybacks(keys: readonly string[]): Promise<string[]> {
    const ends = await Promise.allSettled(keys.map((key) => this.playbacks.delete(key)));
    return keys.filter((_key, index) => ends[index]!.status === 'rejected');
  }
}
