import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TombstoneStore } from '../../schema/footage.entity.js';
import { ObjectStore, videoObjectKey } from '../storage/index.js';
import { FootageStoreMark } from './footage-store-mark.js';

/** Whether a local store holds what it should: the free space of a folder on which nothing is mounted says nothing of the disk that belongs there. */
@Injectable()
export class StorePresence {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mark: FootageStoreMark,
    private readonly playbacks: ObjectStore,
  ) {}

  /** Of playbacks: one of the newest videos is there, or there should be none. A store that does not answer counts as away. */
  async isThere(store: TombstoneStore): Promise<boolean> {
    try {
      return store === 'footage' ? await this.mark.isOurs() : await this.hasVideos();
    } catch {
      return false;
    }
  }

  private async hasVideos(): Promise<boolean> {
    const rows = await this.dataSource.query<{ id: string; objectKey: string | null }[]>(
      `SELECT id, object_key AS "objectKey" FROM playbacks
        WHERE recording_status = 'COMPLETED' AND file_size_bytes > 0 ORDER BY created_at DESC, id LIMIT 3`,
    );
    for (const row of rows) if ((await this.playbacks.head(videoObjectKey(row))) !== null) return true;
    return rows.length === 0;
  }
}
