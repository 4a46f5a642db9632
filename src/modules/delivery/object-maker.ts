import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import type { Playback } from '../../schema/playback.entity.js';
import { TornFootage } from '../footage/index.js';
import type { FinishedObject } from './finished-object.js';
import { FootageAssembly, type ReadyFootage } from './footage-assembly.service.js';
import { ObjectBuilder, UnreadableFootage } from './object-builder.js';
import { ObjectStorer, type StoredObjectInfo } from './object-storer.service.js';
import type { PlaybackUpload } from './playback-upload.js';
import { UploadEngine } from './upload-engine.service.js';

/** Makes the object of a recording in the store, of its footage and of what has gone up already. */
@Injectable()
export class ObjectMaker {
  constructor(
    private readonly logger: AppLogger,
    private readonly footage: FootageAssembly,
    private readonly builder: ObjectBuilder,
    private readonly storer: ObjectStorer,
    private readonly uploads: UploadEngine,
  ) {}

  /** Safe to call again at any point. @returns null when there is no footage of it */
  async make(playback: Playback, upload: PlaybackUpload, signal: AbortSignal): Promise<FinishedObject | null> {
    return upload.completing ? this.completeAgain(upload, signal) : this.storeObject(playback, upload, signal);
  }

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
    this.uploads.enter(upload.playbackId, 'storing');
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
}

/** It is the footage that cannot be used; neither the store, nor the database, nor the disk is away. */
function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableFootage || error instanceof TornFootage;
}
