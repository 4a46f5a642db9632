import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { type ObjectInfo, ObjectStore, videoObjectKey } from '../storage/index.js';
import { type MediaLink, MediaLinkSigner } from '../media/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import { downloadName } from './domain/download-name.js';
import { notReady, objectMissing, playbackNotFound } from './playback-errors.js';
import { PlaybackRepository } from './playback.repository.js';

export interface Video {
  key: string;
  info: ObjectInfo;
  /** What it is called when it is saved. */
  fileName: string;
}

/** Finds the stored video of a playback, and the addresses under which clients may load it. */
@Injectable()
export class PlaybackMediaService {
  constructor(
    private readonly playbacks: PlaybackRepository,
    private readonly store: ObjectStore,
    private readonly links: MediaLinkSigner,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  /** @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_READY`, `PLAYBACK.OBJECT_MISSING` */
  async getVideo(id: string): Promise<Video> {
    const playback = await this.getCompleted(id);
    const key = videoObjectKey(playback);
    const info = await this.store.head(key);
    if (info) return { key, info, fileName: fileNameOf(playback) };
    this.logger.error('a completed playback has no object', { playbackId: id, key });
    throw objectMissing();
  }

  /**
   * A link that works without a token for a while.
   * @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_READY`
   */
  async createLink(id: string): Promise<MediaLink> {
    const playback = await this.getCompleted(id);
    const ttlSec = this.config.storage.signedUrlTtlSec;
    const expiresAt = new Date(this.clock.nowMs() + ttlSec * 1_000);
    const url = await this.store.signedUrl(videoObjectKey(playback), {
      ttlSec,
      downloadFileName: fileNameOf(playback),
    });
    return url === null ? this.links.sign(id) : { url, expiresAt };
  }

  /** Where clients load the video, null before there is one. A signed address is made anew each time and never stored. */
  async findVideoUrl(playback: Playback): Promise<string | null> {
    if (playback.videoUrl !== null || playback.recordingStatus !== 'COMPLETED') return playback.videoUrl;
    const key = videoObjectKey(playback);
    const url =
      this.store.publicUrl(key) ?? (await this.store.signedUrl(key, { ttlSec: this.config.storage.signedUrlTtlSec }));
    return url ?? `${this.config.http.publicUrl}/playbacks/${playback.id}/video`;
  }

  private async getCompleted(id: string): Promise<Playback> {
    const playback = await this.playbacks.findById(id);
    if (!playback) throw playbackNotFound(id);
    if (playback.recordingStatus !== 'COMPLETED') throw notReady(playback);
    return playback;
  }
}

function fileNameOf({ camera, startedAt, createdAt }: Playback): string {
  return downloadName(camera?.name ?? '', startedAt ?? createdAt);
}
