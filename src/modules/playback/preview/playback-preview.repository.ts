import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { MediaInfo } from '../../../schema/media-info.js';
import type { SpriteLayout } from '../../../schema/sprite-layout.js';

/** What there is beside a stored video, without the index of its segments, which may be long. */
export interface PreviewParts {
  /** Previews are made of videos with an index alone. */
  hasIndex: boolean;
  hasThumbnail: boolean;
  sprite: SpriteLayout | null;
  info: MediaInfo | null;
}

const NONE: PreviewParts = { hasIndex: false, hasThumbnail: false, sprite: null, info: null };

/** Reads what there is of previews and media info. */
@Injectable()
export class PlaybackPreviewRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(playbackId: string): Promise<PreviewParts> {
    const rows: PreviewParts[] = await this.dataSource.query(
      `SELECT stream IS NOT NULL AS "hasIndex", thumbnail_at IS NOT NULL AS "hasThumbnail", sprite, info
         FROM playback_media WHERE playback_id = $1`,
      [playbackId],
    );
    return rows[0] ?? NONE;
  }

  /** Those of these playbacks that have a thumbnail. */
  async findWithThumbnail(playbackIds: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.dataSource.query(
      `SELECT playback_id AS id FROM playback_media WHERE playback_id = ANY ($1::uuid[]) AND thumbnail_at IS NOT NULL`,
      [playbackIds],
    );
    return new Set(rows.map(({ id }) => id));
  }
}
