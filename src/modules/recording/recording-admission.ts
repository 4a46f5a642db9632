import { statfs } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { messageOf } from '../../common/errors.js';
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

  /** Why a recording cannot start here, or null. Never throws. */
  async refusal(): Promise<CaptureFailure | null> {
    if (this.tools.missing) {
      return { code: 'RECORDING.FFMPEG_MISSING', message: this.tools.missing, cause: 'ffmpeg_failed', permanent: true };
    }
    const { minFreeDiskBytes } = this.config.recording;
    try {
      const { bavail, bsize } = await statfs(this.config.recordDir);
      const freeBytes = bavail * bsize;
      if (freeBytes >= minFreeDiskBytes) return null;
      return diskFull(
        `The recorder's disk has ${freeBytes} bytes free, less than MIN_FREE_DISK_BYTES (${minFreeDiskBytes}).`,
      );
    } catch (error) {
      return diskFull(`The recorder's disk cannot be looked at: ${messageOf(error)}.`);
    }
  }
}

function diskFull(message: string): CaptureFailure {
  return { code: 'RECORDING.DISK_FULL', message, cause: 'disk_full', permanent: true };
}
