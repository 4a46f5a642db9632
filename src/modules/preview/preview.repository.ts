import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PlaybackMedia } from '../../schema/playback-media.entity.js';

/** Which previews of a playback there are. */
@Injectable()
export class PreviewRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** With the playback and its event; null when the playback is gone, or was never completed. */
  async find(playbackId: string): Promise<PlaybackMedia | null> {
    const relations = { playback: { event: true } };
    return this.dataSource.manager.findOne(PlaybackMedia, { where: { playbackId }, relations });
  }

  /** @returns false when the playback is gone */
  async save(playbackId: string, preview: Partial<Pick<PlaybackMedia, 'thumbnailAt' | 'sprite'>>): Promise<boolean> {
    const { affected } = await this.dataSource.manager.update(PlaybackMedia, { playbackId }, preview);
    return affected === 1;
  }
}
