import { statfsSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { CaptureFailure } from './domain/failure.js';
import { MediaTools } from './media-tools.process.js';

/** Says whether this process could record at all right now. */
@Injectable()
export class RecordingAdmission {
  constructor(
    private readonly config: AppConfig,
    private readonly tools: MediaTools,
  ) {}

  /** Why a recording cannot start here, or null. */
  refusal(): CaptureFailure | null {
    if (this.tools.missing) {
      return { code: 'RECORDING.FFMPEG_MISSING', message: this.tools.missing, cause: 'ffmpeg_failed', permanent: true };
    }
    const { minFreeDiskBytes } = this.config.recording;
    const { bavail, bsize } = statfsSync(this.config.recordDir);
    const freeBytes = bavail * bsize;
    if (freeBytes >= minFreeDiskBytes) return null;
    const message = `The recorder's disk has ${freeBytes} bytes free, less than MIN_FREE_DISK_BYTES (${minFreeDiskBytes}).`;
    return { code: 'RECORDING.DISK_FULL', message, cause: 'disk_full', permanent: true };
  }
}
