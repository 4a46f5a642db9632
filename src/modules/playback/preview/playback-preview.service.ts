import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { type ObjectInfo, ObjectStore, spriteKey, thumbnailKey } from '../../storage/index.js';
import type { MediaInfo } from '../../../schema/media-info.js';
import { buildThumbnailTrack } from '../domain/thumbnail-track.js';
import { notReady, playbackNotFound } from '../playback-errors.js';
import type { Playback } from '../../../schema/playback.entity.js';
import { PlaybackRepository } from '../playback.repository.js';
import { noMediaInfo, noPicture, pictureMissing, pictureNotReady } from './preview-errors.js';
import { PlaybackPreviewRepository, type PreviewParts } from './playback-preview.repository.js';

export interface Picture {
  key: string;
  info: ObjectInfo;
}

/** Finds the pictures of a playback, and what is known of its streams. */
@Injectable()
export class PlaybackPreviewService {
  constructor(
    private readonly playbacks: PlaybackRepository,
    private readonly previews: PlaybackPreviewRepository,
    private readonly store: ObjectStore,
    private readonly config: AppConfig,
  ) {}

  /** @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_READY`, `PLAYBACK.PICTURE_NOT_READY`, `PLAYBACK.NO_PICTURE`, `PLAYBACK.OBJECT_MISSING` */
  async getThumbnail(id: string): Promise<Picture> {
    const parts = await this.getParts(id);
    if (!parts.hasThumbnail) throw whyNoPicture(parts);
    return this.getPicture(thumbnailKey(id));
  }

  /** @throws AppError the same as `getThumbnail` */
  async getSprite(id: string): Promise<Picture> {
    const parts = await this.getParts(id);
    if (!parts.sprite) throw whyNoPicture(parts);
    return this.getPicture(spriteKey(id));
  }

  /**
   * WebVTT that names the tiles of the sprite, for a player that has found it beside the sprite.
   * @param query what opens the sprite, with its `?`; empty for players that send a token
   * @throws AppError the same as `getThumbnail`
   */
  async getThumbnailTrack(id: string, query: string): Promise<string> {
    const parts = await this.getParts(id);
    if (!parts.sprite) throw whyNoPicture(parts);
    return buildThumbnailTrack(parts.sprite, `sprite${query}`);
  }

  /** @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_READY`, `PLAYBACK.NO_MEDIA_INFO` */
  async getMediaInfo(id: string): Promise<MediaInfo> {
    const { info } = await this.getParts(id);
    if (!info) throw noMediaInfo();
    return info;
  }

  /** Where clients load the thumbnails of playbacks; those that have none are not in it. */
  async findThumbnailUrls(playbacks: readonly Playback[]): Promise<Map<string, string>> {
    const completed = playbacks.filter(({ recordingStatus }) => recordingStatus === 'COMPLETED').map(({ id }) => id);
    const found = completed.length > 0 ? await this.previews.findWithThumbnail(completed) : [];
    const { publicUrl } = this.config.http;
    return new Map([...found].map((id) => [id, `${publicUrl}/playbacks/${id}/thumbnail`]));
  }

  private async getParts(id: string): Promise<PreviewParts> {
    const playback = await this.playbacks.findById(id);
    if (!playback) throw playbackNotFound(id);
    if (playback.recordingStatus !== 'COMPLETED') throw notReady(playback);
    return this.previews.find(id);
  }

  private async getPicture(key: string): Promise<Picture> {
    const info = await this.store.head(key);
    if (!info) throw pictureMissing();
    return { key, info };
  }
}

function whyNoPicture({ hasIndex }: PreviewParts) {
  return hasIndex ? pictureNotReady() : noPicture();
}
