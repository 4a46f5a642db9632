import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { Metrics } from '../health/index.js';
import { CameraStatusSaver } from './camera-status-saver.js';
import type { CaptureFailure } from './domain/failure.js';
import { RecordingAdmission } from './recording-admission.js';

/** What a capture sees of its camera. */
export interface Sighting {
  footage(startMs: number, durationMs: number): void;
  failed(failure: CaptureFailure): void;
  /** Nobody wants the camera any more. */
  ended(): void;
}

/** Tells what captures see: to the cameras' rows, the log, the counts, and to who admits recordings. */
@Injectable()
export class CameraSightings {
  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly admission: RecordingAdmission,
    private readonly statuses: CameraStatusSaver,
  ) {}

  /** Tells the camera's status, and logs a failure once, however often it is repeated. */
  begin(cameraId: string): Sighting {
    let footageEndMs: number | null = null;
    let told: string | null = null;
    this.statuses.report(cameraId, { kind: 'wanted', atMs: this.clock.nowMs() });
    return {
      footage: (startMs: number, durationMs: number) => {
        footageEndMs = startMs + durationMs;
        told = null;
        this.statuses.report(cameraId, { kind: 'footage', startMs });
      },
      failed: (failure: CaptureFailure) => {
        const { code, message, cause } = failure;
        this.metrics.captureFailures.inc({ cause });
        this.admission.note(failure);
        this.statuses.report(cameraId, { kind: 'failed', atMs: this.clock.nowMs(), footageEndMs, failure });
        const level = told === code ? 'debug' : 'warn';
        this.logger[level]('capture interrupted', { cameraId, code, reason: message });
        told = code;
      },
      ended: () => this.statuses.report(cameraId, { kind: 'unwanted', atMs: this.clock.nowMs() }),
    };
  }

  /** The last word: what is not saved yet is tried once more, and then given up. */
  async finish(): Promise<void> {
    this.statuses.stop();
    await this.statuses.saved();
  }
}
