import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { sentenceOf } from '../../common/error-catalogue.js';
import { buildLedger } from '../../schema/ledger.js';
import type { Playback } from '../../schema/playback.entity.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { PlaybackFootage } from './playback-footage.service.js';
import { ProcessingRepository } from './processing.repository.js';
import { UploadEngine } from './upload-engine.service.js';

const LOST = { code: 'RECORDING.FOOTAGE_LOST' } as const;
const NONE = { code: 'FOOTAGE.NONE' } as const;

/** What becomes of a playback whose footage is gone. */
@Injectable()
export class FootageLoss {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: ProcessingRepository,
    private readonly footage: PlaybackFootage,
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
    const failure = playback.kind === 'export' ? NONE : LOST;
    const range = { startMs: rangeStartAt!.getTime(), endMs: rangeEndAt!.getTime() };
    const ledger = buildLedger(range, [], await this.footage.findCauses(playback, range));
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.rows.isOursToFinalise(manager, id, nodeId!))) return false;
      return this.states.transition(manager, id, 'FAILED', {
        ...ledger,
        failureCode: failure.code,
        failureMessage: sentenceOf(failure),
      });
    });
  }
}
