import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { type JobContext, JobHandlers } from '../jobs/index.js';
import type { SpriteLayout } from '../../schema/sprite-layout.js';
import { ObjectStore, spriteKey, thumbnailKey, videoObjectKey } from '../storage/index.js';
import type { PlaybackMedia } from '../../schema/playback-media.entity.js';
import { readJpegSize } from '../../ffmpeg/domain/jpeg.js';
import { TILE_WIDTH } from './domain/preview-args.js';
import { type PlacedSegment, placeSegments, planGrid, planThumbnail, planTiles } from './domain/preview-plan.js';
import { previewFailed, PreviewFrames } from './preview-frames.process.js';
import { PreviewRepository } from './preview.repository.js';
import { StoredFootage } from './stored-footage.js';

/** What cannot be decoded five times never will be: two and a half minutes by the queue's backoff. */
const MAX_ATTEMPTS = 5;
/** A store may be away for days; the queue's backoff makes these about two. */
const MAX_STORE_ATTEMPTS = 18;
const JPEG = { contentType: 'image/jpeg' };

interface Source {
  playbackId: string;
  footage: StoredFootage;
  segments: PlacedSegment[];
  triggerAtMs: number | null;
  durationMs: number;
  signal: AbortSignal;
}

/** The job `playback.preview`: a thumbnail and a sprite of a stored video. Nothing waits for it. Safe to run again at any point. */
@Injectable()
export class PreviewService {
  constructor(
    private readonly store: ObjectStore,
    private readonly rows: PreviewRepository,
    private readonly frames: PreviewFrames,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    handlers: JobHandlers,
  ) {
    handlers.register('playback.preview', ({ playbackId }, context) => this.make(playbackId, context));
  }

  async make(playbackId: string, { signal, attempt }: JobContext): Promise<void> {
    try {
      const media = await this.rows.find(playbackId);
      if (media) await this.makeMissing(media, signal);
      else await this.removeAll(playbackId);
    } catch (error) {
      if (signal.aborted || attempt < maxAttempts(error)) throw error;
      this.logger.warn('a playback stays without previews', { playbackId, attempt, err: error });
    }
  }

  private async makeMissing(media: PlaybackMedia, signal: AbortSignal): Promise<void> {
    const { playbackId, stream, playback } = media;
    if (!playback) return;
    if (!stream) {
      this.logger.info('a playback without an index gets no previews', { playbackId });
      return;
    }
    const segments = placeSegments(stream);
    const last = segments.at(-1);
    if (!last) return;
    const source: Source = {
      playbackId,
      footage: new StoredFootage(this.store, videoObjectKey(playback), stream),
      segments,
      triggerAtMs: playback.event?.occurredAt.getTime() ?? null,
      durationMs: playback.durationMs ?? last.atMs + Math.round(last.durationMs),
      signal,
    };
    // A picture that fails does not keep the other one away.
    const made = await Promise.allSettled([media.thumbnailAt ? null : this.makeThumbnail(source)]);
    if (!media.sprite) await this.makeSprite(source);
    for (const each of made) if (each.status === 'rejected') throw each.reason;
  }

  private async makeThumbnail(source: Source): Promise<void> {
    const { playbackId, footage, segments, triggerAtMs, signal } = source;
    const plan = planThumbnail(segments, triggerAtMs);
    if (!plan) return;
    const draw = (ms: number) => this.frames.thumbnail(footage.readUntil(plan.segment, ms), ms, signal);
    // A slow camera may have shown nothing new by then.
    const jpeg = (await draw(plan.afterMs)) ?? (await draw(0));
    if (!jpeg) throw previewFailed('it gave no picture');
    await this.store.putBytes(thumbnailKey(playbackId), jpeg, { ...JPEG, signal });
    await this.keep(playbackId, { thumbnailAt: this.clock.now() });
  }

  private async makeSprite({ playbackId, footage, segments, durationMs, signal }: Source): Promise<void> {
    const tiles = planTiles(segments);
    const grid = planGrid(tiles.length);
    const atMs: number[] = [];
    const keyFrames = footage.readKeyFrames(tiles, (segment) => atMs.push(segment.atMs));
    const jpeg = await this.frames.sprite(keyFrames, grid, signal);
    const size = readJpegSize(jpeg);
    if (size?.width !== grid.columns * TILE_WIDTH || size.height % grid.rows !== 0) {
      throw previewFailed('its key frames could not be laid out');
    }
    const tile = { tileWidth: TILE_WIDTH, tileHeight: size.height / grid.rows };
    const sprite: SpriteLayout = { ...grid, ...tile, atMs, durationMs };
    await this.store.putBytes(spriteKey(playbackId), jpeg, { ...JPEG, signal });
    await this.keep(playbackId, { sprite });
  }

  /** A playback that was deleted meanwhile leaves no object behind. */
  private async keep(playbackId: string, preview: Parameters<PreviewRepository['save']>[1]): Promise<void> {
    if (!(await this.rows.save(playbackId, preview))) await this.removeAll(playbackId);
  }

  private async removeAll(playbackId: string): Promise<void> {
    for (const key of [thumbnailKey(playbackId), spriteKey(playbackId)]) await this.store.delete(key);
  }
}

function maxAttempts(error: unknown): number {
  return error instanceof AppError && error.retryable && error.code.startsWith('STORAGE.')
    ? MAX_STORE_ATTEMPTS
    : MAX_ATTEMPTS;
}
