import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readStoreMark } from '../archive/index.js';
import { FootageStore } from '../storage/index.js';

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
    const [{ id }] = await this.dataSource.query<[{ id: string }]>('SELECT id FROM installation');
    return (await readStoreMark(this.store)) === id;
  }
}
