import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ErrorCode } from '../../common/error-catalogue.js';
import { AppLogger } from '../../common/logging.js';
import type { Ledger } from '../../schema/ledger.js';
import { type Playback, streamOf } from '../../schema/playback.entity.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { FragmentLog } from '../footage/index.js';
import { FootageAssembly } from './footage-assembly.service.js';
import type { PlaybackUpload } from './playback-upload.js';

/** Why a playback is FAILED although there is footage of it. */
export interface KeepingFailure {
  code: ErrorCode;
  reason: string;
  attempts: number;
  /** What there is; null: that cannot be told. */
  ledger: Ledger | null;
}

/** A playback that is given up: its footage is kept, and the row says what there is. */
@Injectable()
export class KeptFootage {
  constructor(
    private readonly logger: AppLogger,
    private readonly log: FragmentLog,
    private readonly footage: FootageAssembly,
    private readonly states: PlaybackStateRepository,
  ) {}

  /** What there is of it, as far as that can be told: whoever looks for it should know what the kept footage covers. */
  async assess(playback: Playback, upload: PlaybackUpload | null): Promise<Ledger | null> {
    try {
      return await this.footage.assess(playback, upload);
    } catch (error) {
      this.logger.warn('what there is of a recording cannot be told', { playbackId: playback.id, err: error });
      return null;
    }
  }

  async fail(
    manager: EntityManager,
    playback: Playback,
    { code, reason, attempts, ledger }: KeepingFailure,
  ): Promise<void> {
    await this.states.transition(manager, playback.id, 'FAILED', {
      ...ledger,
      failureCode: code,
      failureMessage: reason,
      finaliseAttempts: attempts,
      localPath: playback.kind === 'export' ? null : (playback.localPath ?? this.log.streamDir(streamOf(playback))),
      retryAt: null,
      retryReason: null,
    });
  }
}
