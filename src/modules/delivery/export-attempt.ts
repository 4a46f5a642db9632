import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { ProgressRepository } from '../catalogue/index.js';
import { FinaliseService } from './finalise.service.js';
import { UploadEngine } from './upload-engine.service.js';

/** How often an export tells how far it is, and looks whether it was deleted. */
const TELL_MS = 2_000;

/** One attempt at an export: as the last step of a recording, with its progress told, until it is done or somebody deletes it. */
@Injectable()
export class ExportAttempt {
  constructor(
    private readonly logger: AppLogger,
    private readonly finaliser: FinaliseService,
    private readonly uploads: UploadEngine,
    private readonly progress: ProgressRepository,
  ) {}

  /** Never throws. @param stopping the process ends */
  async run(playbackId: string, stopping: AbortSignal): Promise<void> {
    const cancelled = new AbortController();
    const timer = setInterval(() => void this.tell(playbackId, cancelled), TELL_MS);
    try {
      await this.tell(playbackId, cancelled);
      const signal = AbortSignal.any([stopping, cancelled.signal]);
      await this.finaliser.finalise(playbackId, { signal, attempt: 1 });
    } catch (error) {
      this.logger.warn('an export was given up for now', { playbackId, err: error });
    } finally {
      clearInterval(timer);
      if (cancelled.signal.aborted) this.uploads.leave(playbackId);
    }
  }

  private async tell(playbackId: string, cancelled: AbortController): Promise<void> {
    try {
      if (await this.progress.saveExport(playbackId, this.uploads.exportProgressOf(playbackId))) return;
      cancelled.abort();
    } catch (error) {
      this.logger.debug('the progress of an export was not told', { playbackId, err: error });
    }
  }
}
