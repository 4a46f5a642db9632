import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { ProgressRepository, type ProgressRow } from '../catalogue/index.js';
import { Metrics } from '../health/index.js';
import { UploadEngine } from '../delivery/index.js';
import type { ActiveRecording } from './active-recording.js';
import { RecordingLives } from './recording-lives.js';

/** Writes down how far the running recordings are. */
@Injectable()
export class ProgressSaver implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private saving = false;

  constructor(
    private readonly config: AppConfig,
    private readonly lives: RecordingLives,
    private readonly rows: ProgressRepository,
    private readonly logger: AppLogger,
    private readonly uploads: UploadEngine,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.save(), this.config.recording.progressMs);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never throws, and never runs twice at a time: what fails or is left out now is in the next one. */
  private async save(): Promise<void> {
    if (this.saving) return;
    this.saving = true;
    this.measure();
    try {
      const begun = this.lives.running.filter(({ frames }) => frames > 0);
      await this.rows.save(begun.map((each) => this.rowOf(each)));
    } catch (error) {
      this.logger.warn('progress was not saved', { reason: messageOf(error) });
    } finally {
      this.saving = false;
    }
  }

  private measure(): void {
    const { uploads, pendingBytes, atRiskBytes } = this.uploads.totals;
    this.metrics.uploadsOpen.set(uploads);
    this.metrics.uploadPendingBytes.set(pendingBytes);
    this.metrics.uploadAtRiskBytes.set(atRiskBytes);
  }

  /** Rates are averages over the recording's own footage: FFmpeg's count from the start of the capture, which others share. */
  private rowOf({ playbackId, bytes, durationMs, frames }: ActiveRecording): ProgressRow {
    const sec = Math.max(durationMs, 1) / 1_000;
    const rates = { fps: frames / sec, bitrateKbps: (bytes * 8) / 1_000 / sec };
    return { playbackId, bytes, durationMs, frames, ...rates, upload: this.uploads.progressOf(playbackId) };
  }
}
