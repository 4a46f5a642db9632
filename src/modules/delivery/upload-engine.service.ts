import { Injectable } from '@nestjs/common';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore, type PartsTarget } from '../storage/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import type { CaptureFiles, StoredFragment } from '../footage/index.js';
import type { ExportPhase, ExportProgress } from '../../schema/export-progress.js';
import type { UploadProgress } from '../../schema/upload-progress.js';
import { planPartSize } from './domain/part-size.js';
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
  /** Aborted: what is on the wire is given up too. */
  stopping: AbortController;
  ended: Promise<void>;
}

/**
 * Sends recordings to the store while they are recorded, part by part, each as fast as the store takes it. A store that is away or slow
 * only makes more wait on the disk. What comes after the last full part is sent when the recording is finalised.
 */
@Injectable()
export class UploadEngine {
  private readonly lives = new Map<string, Life>();
  /** Uploads that were left, as long as a part of them is on the wire: the next life of one must not send beside it. */
  private readonly left = new Map<string, Promise<void>>();

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
    const upload = this.create(footage);
    const [ending, stopping] = [new AbortController(), new AbortController()];
    const all = AbortSignal.any([signal, stopping.signal]);
    const ended = this.live(upload, footage, { signal: all, waiting: AbortSignal.any([all, ending.signal]) });
    this.lives.set(footage.playbackId, { upload, ending, stopping, ended });
  }

  append(playbackId: string, capture: CaptureFiles, fragment: StoredFragment): void {
    this.lives.get(playbackId)?.upload.append(capture, fragment);
  }

  /** Null when nothing of it is sent from here, or it is not known yet what was sent before. */
  progressOf(playbackId: string): UploadProgress | null {
    const upload = this.lives.get(playbackId)?.upload;
    return upload?.isRestored ? upload.progress : null;
  }

  /** Says what is done for a playback now. */
  enter(playbackId: string, phase: ExportPhase): void {
    const upload = this.lives.get(playbackId)?.upload;
    if (upload) upload.phase = phase;
  }

  exportProgressOf(playbackId: string): ExportProgress {
    const upload = this.lives.get(playbackId)?.upload;
    if (!upload) return { phase: 'finding', doneBytes: 0, totalBytes: 0 };
    const { phase, progress, stream } = upload;
    return { phase, doneBytes: progress.safeBytes, totalBytes: phase === 'finding' ? 0 : stream.sizeBytes };
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
    if (!life) return;
    this.lives.delete(playbackId);
    life.ending.abort();
    life.stopping.abort();
    const ended = Promise.all([this.left.get(playbackId), life.ended]).then(() => {
      if (this.left.get(playbackId) === ended) this.left.delete(playbackId);
    });
    this.left.set(playbackId, ended);
  }

  /**
   * The upload of a recording that has ended, with all that was sent before; from now on only the caller sends.
   * @throws what the store or the database says when there is something to take up
   */
  async take(footage: UploadFootage & Pick<Playback, 'rangeEndAt'>, signal: AbortSignal): Promise<PlaybackUpload> {
    const { playbackId } = footage;
    const life = this.lives.get(playbackId) ?? this.idle(footage);
    const { upload } = life;
    upload.endedAtMs = footage.rangeEndAt?.getTime() ?? this.clock.nowMs();
    life.ending.abort();
    if (upload.isBetterGivenUp(this.clock.nowMs())) {
      upload.mayHaveMore = true;
      life.stopping.abort();
    }
    await this.ended(playbackId, life, signal);
    if (!upload.isRestored) await this.restorer.restore(upload, footage);
    return upload;
  }

  /** Sends full parts until what is left goes up with the head. */
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
    await this.end(playbackId, target);
    const fresh = new PlaybackUpload(playbackId, partSizeBytes);
    fresh.endedAtMs = endedAtMs;
    fresh.canWait = upload.canWait;
    fresh.restored();
    this.lives.set(playbackId, endedLife(fresh));
    return fresh;
  }

  /**
   * Ends an upload for good: nothing of it stays in the store, now or by the sweep of stale uploads. Footage that only the store has stays
   * there until the playback is deleted.
   */
  async abandon(playbackId: string): Promise<void> {
    const upload = this.lives.get(playbackId)?.upload;
    this.leave(playbackId);
    if (!upload?.target || upload.isOnlyInStore) return;
    try {
      await this.rows.forget(playbackId, upload.target);
      await this.store.abortParts(upload.target);
    } catch (error) {
      this.logger.warn('an upload was not ended; the sweep does it', { playbackId, err: error });
    }
  }

  /** The store has lost it: everything that can be read here goes up again. */
  async startAgain(upload: PlaybackUpload): Promise<void> {
    const { playbackId, target } = upload;
    this.logger.warn('an upload begins again', { playbackId, uploadId: target?.uploadId });
    await this.end(playbackId, target);
    upload.startAgain();
  }

  /** The store says that it has other parts: what it has otherwise, or not at all, is sent again. */
  async compare(upload: PlaybackUpload): Promise<void> {
    if (upload.target && !(await this.restorer.compare(upload, upload.target))) await this.startAgain(upload);
  }

  /** First in the store: a row that names an upload which is gone is found out, an upload without a row stays for long. */
  private async end(playbackId: string, target: PartsTarget | null): Promise<void> {
    if (!target) return;
    await this.store.abortParts(target);
    await this.rows.forget(playbackId, target);
  }

  private async ended(playbackId: string, { ended, stopping }: Life, signal: AbortSignal): Promise<void> {
    const stop = () => stopping.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all([this.left.get(playbackId), ended]);
    signal.removeEventListener('abort', stop);
  }

  private create({ playbackId, rangeStartAt, deadlineAt, kind }: UploadFootage): PlaybackUpload {
    const longestMs = (deadlineAt?.getTime() ?? 0) - (rangeStartAt?.getTime() ?? 0);
    const upload = new PlaybackUpload(playbackId, planPartSize(this.config.upload.partBytes, longestMs));
    upload.canWait = kind === 'export';
    return upload;
  }

  private idle(footage: UploadFootage): Life {
    const upload = this.create(footage);
    const life = endedLife(upload);
    this.lives.set(footage.playbackId, life);
    return life;
  }

  private async live(
    upload: PlaybackUpload,
    footage: UploadFootage,
    { signal, waiting }: { signal: AbortSignal; waiting: AbortSignal },
  ): Promise<void> {
    await this.left.get(upload.playbackId);
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

/** Of an upload of which nothing is sent unasked. */
function endedLife(upload: PlaybackUpload): Life {
  return { upload, ending: new AbortController(), stopping: new AbortController(), ended: Promise.resolve() };
}

function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STORAGE.UPLOAD_GONE';
}
