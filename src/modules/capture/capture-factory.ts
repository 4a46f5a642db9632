import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { Camera } from '../../schema/camera.entity.js';
import { StreamLocator } from '../camera/index.js';
import { Metrics } from '../health/index.js';
import { CameraCapture } from './camera-capture.js';
import { CameraStatusSaver } from './camera-status-saver.js';
import { CameraTrials } from './domain/camera-trials.js';
import type { CaptureFailure } from './domain/failure.js';
import { InterruptionSaver } from './interruption-saver.js';
import { FragmentLog, type CaptureFiles, type StoredFragment } from '../footage/index.js';
import { ToldJumps } from './domain/told-jumps.js';
import { MediaTools } from '../../ffmpeg/media-tools.process.js';
import { RecordingAdmission } from './recording-admission.js';

export interface CaptureEvents {
  onFragment(capture: CaptureFiles, fragment: StoredFragment): void;
  onFailure(failure: CaptureFailure): void;
  onIdle(): void;
}

/** Makes captures that count themselves and write their interruptions down. */
@Injectable()
export class CaptureFactory {
  /** By camera: what is known of its clocks outlives a capture. */
  private readonly jumps = new Map<string, ToldJumps>();
  private readonly trials = new Map<string, CameraTrials>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly tools: MediaTools,
    private readonly log: FragmentLog,
    private readonly locator: StreamLocator,
    private readonly interruptions: InterruptionSaver,
    private readonly admission: RecordingAdmission,
    private readonly statuses: CameraStatusSaver,
  ) {}

  create(cameraId: string, events: CaptureEvents): CameraCapture {
    const { recording, cameras } = this.config;
    const jumps = this.jumps.get(cameraId) ?? new ToldJumps();
    this.jumps.set(cameraId, jumps);
    const trials = this.trials.get(cameraId) ?? new CameraTrials();
    this.trials.set(cameraId, trials);
    const deps = {
      ...{ jumps, trials },
      locator: this.locator,
      tools: this.tools,
      log: this.log,
      limits: { ...recording, connectTimeoutMs: cameras.connectTimeoutMs, maxLoginPauseMs: cameras.loginRetryMs },
      logger: this.logger.child({ cameraId }),
      nowMs: () => this.clock.nowMs(),
      refusal: () => this.admission.refusal(),
    };
    const sight = this.watch(cameraId);
    this.metrics.capturesRunning.inc();
    return new CameraCapture(cameraId, () => this.loadCamera(cameraId), deps, {
      onFragment: (capture, fragment) => {
        this.metrics.fragments.inc();
        this.metrics.fragmentBytes.inc(fragment.sizeBytes);
        sight.footage(capture.epochMs + fragment.startMs, fragment.durationMs);
        events.onFragment(capture, fragment);
      },
      onFailure: (failure) => {
        sight.failed(failure);
        events.onFailure(failure);
      },
      onInterruption: (interruption) => this.interruptions.save(cameraId, interruption),
      onStarted: () => this.metrics.ffmpegStarts.inc(),
      onIdle: () => {
        this.metrics.capturesRunning.dec();
        this.statuses.report(cameraId, { kind: 'unwanted', atMs: this.clock.nowMs() });
        events.onIdle();
      },
    });
  }

  /** Resolves when the interruptions of a camera that were told so far are in the database. */
  async interruptionsSaved(cameraId: string): Promise<void> {
    await this.interruptions.saved(cameraId);
  }

  /** The last word: what is not saved yet is tried once more, and then given up. */
  async finish(): Promise<void> {
    this.statuses.stop();
    await Promise.all([this.interruptions.finish(), this.statuses.saved()]);
  }

  /** Tells the camera's status, and logs a failure once, however often it is repeated. */
  private watch(cameraId: string) {
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
    };
  }

  private async loadCamera(cameraId: string): Promise<Camera> {
    const camera = await this.dataSource.manager.findOneBy(Camera, { id: cameraId });
    if (camera) return camera;
    throw new AppError({ code: 'CAMERA.NOT_FOUND', message: 'The camera was deleted.' });
  }
}
