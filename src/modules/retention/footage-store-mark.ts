import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FOOTAGE_PREFIX } from '../archive/index.js';
import { FootageStore } from '../storage/index.js';

/** Names the installation whose footage a store holds. */
const MARK_KEY = `${FOOTAGE_PREFIX}store.json`;
/** Larger is no mark of ours. */
const MAX_MARK_BYTES = 4_096;

/**
 * Whether the store of footage is this installation's: a disk that is not mounted would say of every object that it is gone, and its
 * tombstones would go with nothing deleted.
 */
@Injectable()
export class FootageStoreMark {
  constructor(
    private readonly dataSource: DataSource,
    private readonly store: FootageStore,
  ) {}

  async isOurs(): Promise<boolean> {
    if ((await this.store.head(MARK_KEY)) === null) return false;
    const pieces: Buffer[] = [];
    for await (const piece of await this.store.openRead(MARK_KEY, { start: 0, end: MAX_MARK_BYTES - 1 })) {
      pieces.push(piece as Buffer);
    }
    const [{ id }] = await this.dataSource.query<[{ id: string }]>('SELECT id FROM installation');
    return Buffer.concat(pieces).toString() === JSON.stringify({ installation: id });
  }
}
