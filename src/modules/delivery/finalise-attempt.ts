import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { PlaybackRows } from '../catalogue/index.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { FinaliseRetry } from './finalise-retry.service.js';
import { ObjectMaker } from './object-maker.js';
import { UploadLost } from './part-sender.service.js';
import { PlaybackCompleter } from './playback-completer.service.js';
import type { PlaybackUpload } from './playback-upload.js';
import { UploadEngine } from './upload-engine.service.js';

/** One attempt to finalise a playback, and what becomes of one that fails. */
@Injectable()
export class FinaliseAttempt {
  constructor(
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly rows: PlaybackRows,
    private readonly uploads: UploadEngine,
    private readonly maker: ObjectMaker,
    private readonly completer: PlaybackCompleter,
    private readonly retry: FinaliseRetry,
  ) {}

  /** Never at the same time as another one at the same playback. @param signal the process ends: nothing is to be written down */
  async run(playbackId: string, signal: AbortSignal): Promise<void> {
    const playback = await this.rows.findById(playbackId);
    // A job of a former life, when another recorder has taken it over.
    if (playback?.recordingStatus !== 'PROCESSING' || playback.nodeId !== this.node.nodeId) {
      if (playback?.nodeId !== this.node.nodeId) this.uploads.leave(playbackId);
      this.retry.forget(playbackId);
      return;
    }
    const alone = AbortSignal.any([signal, this.ownership.nodeSignal]);
    let upload: PlaybackUpload | null = null;
    let sentBefore = 0;
    try {
      upload = await this.uploads.take({ ...playback, playbackId }, alone);
      sentBefore = upload.sentBytes;
      const object = await this.maker.make(playback, upload, alone);
      this.uploads.enter(playbackId, 'checking');
      await this.completer.conclude(playback, object);
      this.uploads.leave(playbackId);
      this.retry.forget(playbackId);
    } catch (error) {
      if (signal.aborted) return; // the next start enqueues it again
      if (error instanceof UploadLost && !(await this.isStillOurs(playbackId))) return;
      const hasProgress = upload !== null && upload.sentBytes > sentBefore;
      const became = await this.retry.tryAgainOrFail(playback, error, { upload, hasProgress });
      if (became === 'retried') await this.mend(upload, error);
      else if (became === 'failed') await this.uploads.abandon(playbackId);
      else this.uploads.leave(playbackId);
    }
  }

  /** Somebody else may finalise it by now, or it was deleted; what the rows say of its upload is read again. */
  private async isStillOurs(playbackId: string): Promise<boolean> {
    this.uploads.leave(playbackId);
    const playback = await this.rows.findById(playbackId);
    return playback?.recordingStatus === 'PROCESSING' && playback.nodeId === this.node.nodeId;
  }

  /** The store has not got what was thought: the next attempt begins with what it has. */
  private async mend(upload: PlaybackUpload | null, error: unknown): Promise<void> {
    if (!upload || !(error instanceof AppError)) return;
    try {
      if (error.code === 'STORAGE.UPLOAD_GONE') await this.uploads.startAgain(upload);
      if (error.code === 'STORAGE.MISMATCH') await this.uploads.compare(upload);
    } catch (cause) {
      this.logger.warn('an upload could not be mended yet', { playbackId: upload.playbackId, err: cause });
    }
  }
}
