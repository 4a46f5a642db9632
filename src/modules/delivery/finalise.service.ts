import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { type JobContext, JobHandlers } from '../jobs/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import { TornFootage } from '../footage/index.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { UploadLost } from './part-sender.service.js';
import type { PlaybackUpload } from './playback-upload.js';
import { UploadEngine } from './upload-engine.service.js';
import { FinaliseRetry } from './finalise-retry.service.js';
import type { FinishedObject } from './finished-object.js';
import { FootageAssembly, type ReadyFootage } from './footage-assembly.service.js';
import { ObjectBuilder, UnreadableFootage } from './object-builder.js';
import { ObjectStorer, type StoredObjectInfo } from './object-storer.service.js';
import { PlaybackCompleter } from './playback-completer.service.js';
import { PlaybackRows } from '../catalogue/index.js';

/**
 * The job `playback.finalise`: send what is not in the store yet, complete the object, look at it there, COMPLETED; only then local
 * bytes go. Safe to run again at any point.
 */
@Injectable()
export class FinaliseService {
  /** The last attempt at each playback: the next one must not begin beside it. */
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly footage: FootageAssembly,
    private readonly builder: ObjectBuilder,
    private readonly storer: ObjectStorer,
    private readonly uploads: UploadEngine,
    private readonly completer: PlaybackCompleter,
    private readonly rows: PlaybackRows,
    private readonly retry: FinaliseRetry,
    handlers: JobHandlers,
  ) {
    handlers.register(
      'playback.finalise',
      ({ playbackId }, context) => this.finalise(playbackId, context),
      node.nodeId,
    );
  }

  /** One attempt after another, also when two jobs ask. */
  async finalise(playbackId: string, context: JobContext): Promise<void> {
    const before = this.running.get(playbackId)?.catch(() => undefined);
    const attempt = (before ?? Promise.resolve()).then(() => this.attempt(playbackId, context));
    this.running.set(playbackId, attempt);
    try {
      await attempt;
    } finally {
      if (this.running.get(playbackId) === attempt) this.running.delete(playbackId);
    }
  }

  private async attempt(playbackId: string, { signal }: JobContext): Promise<void> {
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
      const endedAtMs = playback.rangeEndAt?.getTime() ?? this.clock.nowMs();
      upload = await this.uploads.take({ ...playback, playbackId }, endedAtMs, alone);
      sentBefore = upload.sentBytes;
      await this.finish(playback, upload, alone);
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

  private async finish(playback: Playback, upload: PlaybackUpload, signal: AbortSignal): Promise<void> {
    const object = upload.completing
      ? await this.completeAgain(upload, signal)
      : await this.storeObject(playback, upload, signal);
    if (object) return this.completer.complete(playback, object);
    if (await this.completer.failWithoutFootage(playback)) await this.uploads.abandon(playback.id);
  }

  /** @returns null when there is no footage of it */
  private async storeObject(
    playback: Playback,
    taken: PlaybackUpload,
    signal: AbortSignal,
  ): Promise<FinishedObject | null> {
    const ready = await this.footage.prepare(playback, taken, signal);
    if (!ready) return null;
    try {
      return await this.putObject(ready, signal);
    } catch (error) {
      if (!isUnreadable(error) || ready.facts.assembly !== 'copied') throw error;
      this.logger.warn('the footage cannot be laid out as it is; FFmpeg is to read it', {
        playbackId: playback.id,
        err: error,
      });
      return this.putObject(await this.footage.remux(playback, ready, signal), signal);
    }
  }

  private async putObject({ takes, upload, facts }: ReadyFootage, signal: AbortSignal): Promise<FinishedObject> {
    await this.uploads.drain(upload, signal);
    const built = await this.builder.build(takes, upload);
    const { stream, gop, ranges } = built;
    const note = (info: StoredObjectInfo): FinishedObject => ({ ...info, ...facts, stream, gop, ranges });
    return note(await this.storer.put(upload, built, { note, signal }));
  }

  /** The answer to the last request was lost, or nobody was left to hear it. */
  private async completeAgain(upload: PlaybackUpload, signal: AbortSignal): Promise<FinishedObject> {
    await this.storer.complete(upload, signal);
    return upload.completing!.object as FinishedObject;
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

/** It is the footage that cannot be used; neither the store, nor the database, nor the disk is away. */
function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableFootage || error instanceof TornFootage;
}
