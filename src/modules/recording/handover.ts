import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { notify } from '../database/index.js';
import { RecordingRepository } from './recording.repository.js';

/** Said by a recorder that lets its cameras go, so that the others need not wait whether it comes back. */
export const RELEASED = 'released';

/** What a recorder gives to the others when it ends. */
@Injectable()
export class Handover {
  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly recordings: RecordingRepository,
  ) {}

  /** Gives everything back; never throws, since the rows are found by the next start anyway. */
  async release(): Promise<void> {
    try {
      await this.recordings.handOver(this.node.nodeId);
      await this.ownership.close();
      await notify(this.dataSource.manager, 'hindsight_recordings', RELEASED);
    } catch (error) {
      this.logger.warn('open recordings were not handed over; their takeover takes longer', {
        reason: messageOf(error),
      });
    } finally {
      await this.ownership.close();
    }
  }
}
