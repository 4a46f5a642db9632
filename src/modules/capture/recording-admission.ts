import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { DiskSpace } from '../footage/index.js';
import { MediaTools } from '../../ffmpeg/media-tools.process.js';
import { type CaptureFailure, failureWith } from './domain/failure.js';

/** Says whether this process could record at all right now. */
@Injectable()
export class RecordingAdmission {
  constructor(
    private readonly config: AppConfig,
    private readonly tools: MediaTools,
    private readonly disk: DiskSpace,
  ) {}

  /** Why a recording cannot start here, or null. Never throws. */
  async refusal(): Promise<CaptureFailure | null> {
    if (this.tools.missing) {
      const said = { code: 'RECORDING.FFMPEG_MISSING', message: this.tools.missing } as const;
      return failureWith(said, { cause: 'ffmpeg_failed', permanent: true });
    }
    await this.disk.check();
    return this.disk.isLow ? this.diskFull() : null;
  }

  /** A capture that found no room knows it before the next look at the disk. */
  note({ cause }: CaptureFailure): void {
    if (cause === 'disk_full' && !this.disk.isLow) this.disk.noteFull();
  }

  private diskFull(): CaptureFailure {
    const { freeBytes, resumeAtBytes, unreadable } = this.disk;
    const message =
      unreadable === null
        ? `The recorder's disk is full: ${freeBytes} bytes are free, recording goes on at ${resumeAtBytes}` +
          ` (MIN_FREE_DISK_BYTES is ${this.config.recording.minFreeDiskBytes}).`
        : `The recorder's disk cannot be looked at: ${unreadable}.`;
    return failureWith({ code: 'RECORDING.DISK_FULL', message }, { cause: 'disk_full', permanent: true });
  }
}
