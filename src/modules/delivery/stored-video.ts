import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { Playback } from '../../schema/playback.entity.js';
import type { PlaybackMedia } from '../../schema/playback-media.entity.js';
import { ObjectStore, videoKey } from '../storage/index.js';
import type { FinishedObject } from './finished-object.js';
import { MediaProbe } from './media-probe.process.js';

/** What ffprobe has found in the store. */
export interface SeenVideo {
  /** Of the row. */
  fields: Partial<Playback>;
  info: PlaybackMedia['info'];
}

/** Looks at a video where it is kept. */
@Injectable()
export class StoredVideo {
  constructor(
    private readonly config: AppConfig,
    private readonly mediaProbe: MediaProbe,
    private readonly store: ObjectStore,
  ) {}

  /** @throws AppError `RECORDING.PROBE_FAILED`, and what the store says */
  async look(playbackId: string, { sizeBytes, ranges, gop }: FinishedObject): Promise<SeenVideo> {
    const key = videoKey(playbackId);
    const read = (range: FinishedObject['ranges'][number]) => this.store.openRead(key, range);
    const { info, durationMs, ...media } = await this.mediaProbe.probe({ sizeBytes, ranges, read }, gop);
    const place = { objectKey: key, videoUrl: this.videoUrl(playbackId, key), fileSizeBytes: sizeBytes };
    return { fields: { ...media, ...place, durationMs, durationSec: Math.round(durationMs / 1_000) }, info };
  }

  /** Signed URLs are never stored: without a public address the API makes one at each read. */
  private videoUrl(playbackId: string, key: string): string | null {
    if (this.store.origin === null) return `${this.config.http.publicUrl}/playbacks/${playbackId}/video`;
    return this.store.publicUrl(key);
  }
}
