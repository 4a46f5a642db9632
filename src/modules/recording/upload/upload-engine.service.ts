import { Injectable } from '@nestjs/common';
import { backoffMs } from '../../../common/backoff.js';
import { Clock } from '../../../common/clock.js';
import { AppError } from '../../../common/errors.js';
import { AppLogger } from '../../../common/logging.js';
import { AppConfig } from '../../../config/app-config.js';
import { ObjectStore } from '../../storage/object-store.port.js';
import type { StoredFragment } from '../domain/footage.js';
import type { UploadProgress } from '../domain/upload-progress.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import { PartSender, UploadLost } from './part-sender.service.js';
import { PlaybackUpload } from './playback-upload.js';
import { type UploadFootage, UploadRestorer } from './upload-restorer.service.js';
import { UploadRepository } from './upload.repository.js';

/** A store that is away for ten minutes is found within half a minute of its return. */
const RETRY = { firstMs: 500, maxMs: 30_000 };

interface Life {
  upload: PlaybackUpload;
  /** Aborted: nothing new is begun. */
  ending: AbortController;
  ended: Promise<void>;
}

/**
 * Sends recordings to the store while they are recorded, part by part, each as fast as the store takes it. A store that is away or slow
 * only makes more wait on the disk. What comes after the last full part is sent when the recording is finalised.
 */
@Injectable()
export class UploadEngine {
  private readonly lives = new Map<string, Life>();

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly store: ObjectStore,
    private readonly rows: UploadRepository,
    private readonly restorer: UploadRestorer,
    private readonly sender: PartSender,
  ) {}

  /** Goes on until it is taken or left, or `signal` aborts; what was sent before is found in the rows. */
  open(footage: UploadFootage, signal: AbortSignal): void {
    if (this.lives.has(footage.playbackId)) return;
    const upload = new PlaybackUpload(footage.playbackId, this.config.upload.partBytes);
    const ending = new AbortController();
    const ended = this.live(upload, footage, { signal, waiting: AbortSignal.any([signal, ending.signal]) });
    this.lives.set(footage.playbackId, { upload, ending, ended });
  }

  append(playbackId: string, capture: StoredCapture, fragment: StoredFragment): void {
    this.lives.get(playbackId)?.upload.append(capture, fragment);
  }

  /** Null when nothing of it is sent from here. */
  progressOf(playbackId: string): UploadProgress | null {
    return this.lives.get(playbackId)?.upload.progress ?? null;
  }

  /** Sums over all uploads of this process. */
  get totals(): UploadProgress & { uploads: number } {
    const all = [...this.lives.values()].map(({ upload }) => upload.progress);
    const sum = (key: keyof UploadProgress) => all.reduce((total, each) => total + each[key], 0);
    return {
      uploads: all.length,
      safeBytes: sum('safeBytes'),
      pendingBytes: sum('pendingBytes'),
      atRiskBytes: sum('atRiskBytes'),
    };
  }

  /** Forgets an upload whose recording somebody else goes on with, or which has nothing to send; its rows stay. */
  leave(playbackId: string): void {
    const life = this.lives.get(playbackId);
    this.lives.delete(playbackId);
    life?.ending.abort();
    life?.upload.changed();
  }

  /**
   * The upload of a recording that has ended, with all that was sent before; from now on only the caller sends.
   * @throws what the store or the database says when there is something to take up
   */
  async take(footage: UploadFootage, endedAtMs: number): Promise<PlaybackUpload> {
    const { playbackId } = footage;
    const life = this.lives.get(playbackId) ?? this.idle(footage);
    life.upload.endedAtMs = endedAtMs;
    life.ending.abort();
    await life.ended;
    if (!life.upload.isRestored) await this.restorer.restore(life.upload, footage);
    return life.upload;
  }

  /** Sends full parts until what is left fills none. */
  async drain(upload: PlaybackUpload, signal: AbortSignal): Promise<void> {
    try {
      while (upload.hasFullPart) await this.sender.sendNext(upload, signal);
    } catch (error) {
      if (isGone(error)) await this.startAgain(upload);
      throw error; // the next attempt begins with what is left
    }
  }

  /** Throws away what the store has of it: the object is to be made of something else, or never. */
  async discard(upload: PlaybackUpload): Promise<PlaybackUpload> {
    const { playbackId, partSizeBytes, target, endedAtMs } = upload;
    if (target) await this.store.abortParts(target);
    await this.rows.delete(playbackId);
    const fresh = new PlaybackUpload(playbackId, partSizeBytes);
    fresh.endedAtMs = endedAtMs;
    fresh.restored();
    const ending = new AbortController();
    this.lives.set(playbackId, { upload: fresh, ending, ended: Promise.resolve() });
    return fresh;
  }

  /** Ends an upload for good: nothing of it stays in the store, now or by the sweep of stale uploads. */
  async abandon(playbackId: string): Promise<void> {
    const upload = this.lives.get(playbackId)?.upload;
    this.leave(playbackId);
    if (!upload?.target) return;
    try {
      await this.rows.delete(playbackId);
      await this.store.abortParts(upload.target);
    } catch (error) {
      this.logger.warn('an upload was not ended; the sweep does it', { playbackId, err: error });
    }
  }

  /** The store has lost it: everything that can be read here goes up again. */
  async startAgain(upload: PlaybackUpload): Promise<void> {
    const { playbackId, target } = upload;
    this.logger.warn('an upload begins again', { playbackId, uploadId: target?.uploadId });
    if (target) await this.store.abortParts(target);
    await this.rows.delete(playbackId);
    upload.startAgain();
  }

  private idle({ playbackId }: UploadFootage): Life {
    const upload = new PlaybackUpload(playbackId, this.config.upload.partBytes);
    const life = { upload, ending: new AbortController(), ended: Promise.resolve() };
    this.lives.set(playbackId, life);
    return life;
  }

  private async live(
    upload: PlaybackUpload,
    footage: UploadFootage,
    { signal, waiting }: { signal: AbortSignal; waiting: AbortSignal },
  ): Promise<void> {
    while (!waiting.aborted) {
      try {
        if (!upload.isRestored) await this.restorer.restore(upload, footage);
        else if (upload.hasFullPart) await this.sender.sendNext(upload, signal, waiting);
        else await upload.nextChange(waiting);
      } catch (error) {
        if (waiting.aborted || error instanceof UploadLost) return;
        await this.recover(upload, error, waiting);
      }
    }
  }

  private async recover(upload: PlaybackUpload, error: unknown, waiting: AbortSignal): Promise<void> {
    upload.failures += 1;
    const { playbackId, failures, progress } = upload;
    this.logger.warn('a part could not be sent; it is tried again', { playbackId, failures, ...progress, err: error });
    try {
      if (isGone(error)) await this.startAgain(upload);
    } catch {
      // The database is away: the store says it again.
    }
    await this.clock.sleep(backoffMs(failures, RETRY), waiting);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STORAGE.UPLOAD_GONE';
}
