import { Injectable } from '@nestjs/common';
import { playbackNotFound } from '../playback-errors.js';
import { PlaybackRepository } from '../playback.repository.js';
import { StreamIndexRepository } from '../stream/stream-index.repository.js';
import type { WatchResponse } from './watch.response.js';

/** Tells the watch page what it needs, and no more: whoever has a link may see it. */
@Injectable()
export class WatchService {
  constructor(
    private readonly playbacks: PlaybackRepository,
    private readonly media: StreamIndexRepository,
  ) {}

  /** @throws AppError `PLAYBACK.NOT_FOUND` */
  async getState(id: string): Promise<WatchResponse> {
    const playback = await this.playbacks.findById(id);
    if (!playback) throw playbackNotFound(id);
    const { recordingStatus, camera, event, failureMessage, retryReason } = playback;
    return {
      id,
      recordingStatus,
      cameraName: camera?.name ?? '',
      eventType: event?.type ?? null,
      description: event?.description ?? null,
      createdAt: playback.createdAt.toISOString(),
      startedAt: playback.startedAt?.toISOString() ?? null,
      endedAt: playback.endedAt?.toISOString() ?? null,
      durationMs: playback.durationMs ?? playback.progress?.durationMs ?? null,
      gaps: playback.gaps,
      reason: recordingStatus === 'FAILED' ? failureMessage : recordingStatus === 'PROCESSING' ? retryReason : null,
      ...(await this.media.findParts(id)),
    };
  }
}
