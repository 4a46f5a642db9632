import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore } from '../storage/index.js';
import { UploadRepository } from './upload.repository.js';

const PREFIX = 'playbacks/';
const INTERVAL_MS = 3_600_000;
/** The first look comes when the start is over. */
const FIRST_MS = 60_000;

/** Aborts uploads that no row knows: a recorder died between beginning one and saying so, or between FAILED and ending it. */
@Injectable()
export class StaleUploads implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly store: ObjectStore,
    private readonly rows: UploadRepository,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = () => void this.sweepQuietly();
    this.timers = [setTimeout(sweep, FIRST_MS).unref(), setInterval(sweep, INTERVAL_MS).unref()];
  }

  beforeApplicationShutdown(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** @returns how many were aborted */
  async sweep(): Promise<number> {
    const oldMs = this.clock.nowMs() - this.config.upload.staleSec * 1_000;
    const open = await this.store.listUploads(PREFIX);
    const old = open.filter(({ startedAt }) => startedAt.getTime() < oldMs);
    const known = await this.rows.findKnown(old.map(({ uploadId }) => uploadId));
    const stale = old.filter(({ uploadId }) => !known.has(uploadId));
    for (const upload of stale) {
      await this.store.abortParts(upload);
      this.logger.warn('a stale upload was aborted', { key: upload.key, startedAt: upload.startedAt });
    }
    return stale.length;
  }

  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn('stale uploads were not swept; it is tried again later', { err: error });
    }
  }
}
