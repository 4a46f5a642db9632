import { Injectable } from '@nestjs/common';
import { PlaybackRows } from '../catalogue/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { type JobContext, JobHandlers } from '../jobs/index.js';
import { ExportRuns } from './export-runs.service.js';
import { FinaliseService } from './finalise.service.js';

/** The job `playback.finalise` of this node. */
@Injectable()
export class FinaliseHandler {
  constructor(
    private readonly rows: PlaybackRows,
    private readonly finaliser: FinaliseService,
    private readonly exports: ExportRuns,
    handlers: JobHandlers,
    { nodeId }: NodeIdentity,
  ) {
    handlers.register('playback.finalise', ({ playbackId }, context) => this.handle(playbackId, context), nodeId);
  }

  /** An export does not keep the place of a job. */
  private async handle(playbackId: string, context: JobContext): Promise<void> {
    const playback = await this.rows.findById(playbackId);
    if (playback?.kind === 'export') this.exports.start(playbackId);
    else await this.finaliser.finalise(playbackId, context);
  }
}
