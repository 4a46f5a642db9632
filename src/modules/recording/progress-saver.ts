import { Injectable } from '@nestjs/common';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import type { ActiveRecording } from './active-recording.js';
import { type ProgressRow, RecordingRepository } from './recording.repository.js';

/** Writes down how far the running recordings are. */
@Injectable()
export class ProgressSaver {
  private saving = false;

  constructor(
    private readonly rows: RecordingRepository,
    private readonly logger: AppLogger,
  ) {}

  /** Never throws, and never runs twice at a time: what fails or is left out now is in the next one. */
  async save(recordings: Iterable<ActiveRecording>): Promise<void> {
    if (this.saving) return;
    this.saving = true;
    try {
      await this.rows.saveProgress([...recordings].filter(({ frames }) => frames > 0).map((each) => this.rowOf(each)));
    } catch (error) {
      this.logger.warn('progress was not saved', { reason: messageOf(error) });
    } finally {
      this.saving = false;
    }
  }

  /** Rates are averages over the recording's own footage: FFmpeg's count from the start of the capture, which others share. */
  private rowOf({ playbackId, bytes, durationMs, frames }: ActiveRecording): ProgressRow {
    const sec = Math.max(durationMs, 1) / 1_000;
    return { playbackId, bytes, durationMs, frames, fps: frames / sec, bitrateKbps: (bytes * 8) / 1_000 / sec };
  }
}
