import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { StreamIndex } from '../../../schema/stream-index.js';
import { PlaybackMedia } from '../../../schema/playback-media.entity.js';

/** What of a stored playback can be shown beside its video. */
export interface MediaParts {
  isStreamable: boolean;
  hasThumbnail: boolean;
  hasSprite: boolean;
}

/** Reads what players need of a stored object. */
@Injectable()
export class StreamIndexRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Null when the object cannot be streamed. */
  async findIndex(playbackId: string): Promise<StreamIndex | null> {
    const media = await this.dataSource.manager.findOne(PlaybackMedia, {
      select: { playbackId: true, stream: true },
      where: { playbackId },
    });
    return media?.stream ?? null;
  }

  async findParts(playbackId: string): Promise<MediaParts> {
    const rows: MediaParts[] = await this.dataSource.query(
      `SELECT stream IS NOT NULL AS "isStreamable", thumbnail_at IS NOT NULL AS "hasThumbnail", sprite IS NOT NULL AS "hasSprite"
         FROM playback_media WHERE playback_id = $1`,
      [playbackId],
    );
    return rows[0] ?? { isStreamable: false, hasThumbnail: false, hasSprite: false };
  }
}
