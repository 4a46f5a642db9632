import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { MediaTools } from '../../ffmpeg/media-tools.process.js';
import type { StreamId } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { StreamLocator } from '../camera/index.js';
import { FragmentLog } from '../footage/index.js';
import type { CaptureDeps } from './capture-deps.js';
import { CameraTrials } from './domain/camera-trials.js';
import { ToldJumps } from './domain/told-jumps.js';
import { RecordingAdmission } from './recording-admission.js';

/** What captures work with. */
@Injectable()
export class CaptureEquipment {
  /** By stream: what is known of its clocks and tracks outlives a capture. */
  private readonly jumps = new StreamMap<ToldJumps>();
  private readonly trials = new StreamMap<CameraTrials>();

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly tools: MediaTools,
    private readonly log: FragmentLog,
    private readonly locator: StreamLocator,
    private readonly admission: RecordingAdmission,
  ) {}

  of(stream: StreamId): CaptureDeps {
    const { recording, cameras } = this.config;
    const jumps = this.jumps.get(stream) ?? new ToldJumps();
    this.jumps.set(stream, jumps);
    const trials = this.trials.get(stream) ?? new CameraTrials();
    this.trials.set(stream, trials);
    return {
      ...{ jumps, trials },
      locator: this.locator,
      tools: this.tools,
      log: this.log,
      limits: { ...recording, connectTimeoutMs: cameras.connectTimeoutMs, maxLoginPauseMs: cameras.loginRetryMs },
      logger: this.logger.child({ cameraId: stream.cameraId }),
      nowMs: () => this.clock.nowMs(),
      refusal: () => this.admission.refusal(),
    };
  }
}
