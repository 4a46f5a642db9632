import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { sentenceOf } from '../../common/error-catalogue.js';
import { buildLedger } from '../../schema/ledger.js';
import { type Playback, streamOf } from '../../schema/playback.entity.js';
import { InterruptionRepository, PlaybackStateRepository } from '../catalogue/index.js';
import { ProcessingRepository } from './processing.repository.js';
import { UploadEngine } from './upload-engine.service.js';

const LOST = { code: 'RECORDING.FOOTAGE_LOST' } as const;

/** What becomes of a playback whose footage is gone. */
@Injectable()
export class FootageLoss {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: ProcessingRepository,
    private readonly interruptions: InterruptionRepository,
    private readonly states: PlaybackStateRepository,
    private readonly uploads: UploadEngine,
  ) {}

  /** FAILED, unless it is somebody else's by now; what the store has of it is thrown away. */
  async fail(playback: Playback): Promise<void> {
    if (await this.sayFailed(playback)) await this.uploads.abandon(playback.id);
  }

  /** @returns whether it was still ours to say so */
  private async sayFailed(playback: Playback): Promise<boolean> {
    const { id, nodeId, rangeStartAt, rangeEndAt } = playback;
    const range = { startMs: rangeStartAt!.getTime(), endMs: rangeEndAt!.getTime() };
    const ledger = buildLedger(range, [], await this.interruptions.find(streamOf(playback), range));
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.rows.isOursToFinalise(manager, id, nodeId!))) return false;
      return this.states.transition(manager, id, 'FAILED', {
        ...ledger,
        failureCode: LOST.code,
        failureMessage: sentenceOf(LOST),
      });
    });
  }
}
