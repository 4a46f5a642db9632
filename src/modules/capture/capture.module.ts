import { Global, Module } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { FfmpegHealth } from '../../ffmpeg/ffmpeg-health.js';
import { findMediaTools, MediaTools } from '../../ffmpeg/media-tools.process.js';
import { CameraModule } from '../camera/camera.module.js';
import { NodeIdentity } from '../cluster/index.js';
import { InterruptionSaver } from './interruption-saver.js';
import { CameraSightings } from './camera-sightings.js';
import { CameraStatusSaver } from './camera-status-saver.js';
import { CaptureEquipment } from './capture-equipment.js';
import { CaptureFactory } from './capture-factory.js';
import { CapturePool } from './capture-pool.service.js';
import { RecordingAdmission } from './recording-admission.js';
import { WarmCameras } from './warm-cameras.service.js';

/** FFmpeg on cameras: only in processes that record. */
@Global()
@Module({
  imports: [CameraModule],
  providers: [
    {
      provide: MediaTools,
      inject: [AppConfig, AppLogger, NodeIdentity],
      useFactory: (config: AppConfig, logger: AppLogger, { nodeId }: NodeIdentity) =>
        findMediaTools(config, logger, nodeId),
    },
    CameraSightings,
    CameraStatusSaver,
    CaptureEquipment,
    CaptureFactory,
    CapturePool,
    FfmpegHealth,
    InterruptionSaver,
    RecordingAdmission,
    WarmCameras,
  ],
  exports: [CameraStatusSaver, CaptureFactory, CapturePool, MediaTools, RecordingAdmission, WarmCameras],
})
export class CaptureModule {}
