import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { FootageStore } from '../storage/index.js';
import { FOOTAGE_PREFIX } from './domain/footage-key.js';
import { readStoreMark, STORE_MARK_KEY } from './store-mark.js';

/** It may be unmounted at any time; a look is two requests, and cameras close a segment a minute. */
const TRUST_MS = 10_000;

/**
 * Makes sure that the store of footage is this installation's: a disk that is not mounted, and a store that another database knows, are
 * neither written to nor cleaned.
 */
@Injectable()
export class StoreIdentity {
  /** Why the store may not be used, as of the last look, and since when; null: it may. */
  fault: { since: Date; detail: string } | null = null;

  private checkedAtMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly store: FootageStore,
  ) {}

  /**
   * Resolves when the store is ours, as of a moment ago; marks one that is new.
   * @throws AppError `FOOTAGE.STORE_FOREIGN`, and what the store says
   */
  async check(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const agoMs = nowMs - this.checkedAtMs;
    // A wall clock that was set back must not be trusted for long.
    if (agoMs >= 0 && agoMs < TRUST_MS) return;
    const detail = await this.findFault();
    if (detail === null) {
      this.fault = null;
      this.checkedAtMs = nowMs;
      return;
    }
    this.fault = { since: this.fault?.since ?? this.clock.now(), detail };
    throw new AppError({ code: 'FOOTAGE.STORE_FOREIGN', values: { why: detail } });
  }

  private async findFault(): Promise<string | null> {
    const [{ id, isKnown }] = await this.dataSource.query<[{ id: string; isKnown: boolean }]>(
      `SELECT id, EXISTS (SELECT FROM footage_segments WHERE state = 'stored') AS "isKnown" FROM installation`,
    );
    const mark = await readStoreMark(this.store);
    if (mark === id) return null;
    if (mark !== null) return `The store of footage carries the mark of another installation (${mark}).`;
    if (isKnown)
      return 'The store of footage is empty, although there is footage in it by the database: is its disk mounted?';
    const { objects } = await this.store.list(FOOTAGE_PREFIX, { limit: 1 });
    if (objects.length > 0) return 'The store of footage holds footage that this database does not know.';
    await this.store.putBytes(STORE_MARK_KEY, Buffer.from(JSON.stringify({ installation: id })), {
      contentType: 'application/json',
    });
    return null;
  }
}
