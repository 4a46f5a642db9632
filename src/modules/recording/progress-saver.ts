import { Injectable } from '@nestjs/common';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import type { ActiveRecording } from './active-recording.js';
import { CapturePool } from './capture-pool.service.js';
import { type ProgressRow, RecordingRepository } from './recording.repository.js';

/** Writes down how far the running recordings are. Its bytes, frames and time are each recording's own; rates are the camera's. */
@Injectable()
export class ProgressSaver {
  private saving = false;

  constructor(
    private readonly pool: CapturePool,
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

  /** FFmpeg knows its rates only after a while; until then the recording's own averages stand in. */
  private rowOf({ playbackId, cameraId, bytes, durationMs, frames }: ActiveRecording): ProgressRow {
    const now = this.pool.progressOf(cameraId);
    const sec = durationMs / 1_000;
    const fps = now?.fps || (sec > 0 ? frames / sec : null);
    const bitrateKbps = now?.bitrateKbps || (sec > 0 ? (bytes * 8) / 1_000 / sec : null);
    return { playbackId, bytes, durationMs, frames, fps, bitrateKbps };
  }
}
