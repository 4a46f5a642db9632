import { mkdirSync } from 'node:fs';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig, type ProcessRole } from '../../config/app-config.js';
import { CameraModule } from '../camera/camera.module.js';
import { Assembler } from './assembler.port.js';
import { AssembledFiles } from './assembled-files.store.js';
import { CaptureFactory } from './capture-factory.js';
import { CapturePool } from './capture-pool.service.js';
import { FfmpegAssembler } from './ffmpeg-assembler.process.js';
import { FfmpegHealth } from './ffmpeg-health.js';
import { FinaliseService } from './finalise.service.js';
import { FragmentLog } from './fragment-log.store.js';
import { LogRetention } from './log-retention.service.js';
import { MediaProbe } from './media-probe.process.js';
import { findMediaTools, MediaTools } from './media-tools.process.js';
import { loadNodeIdentity, NodeIdentity } from './node-identity.js';
import { PlaybackStateRepository } from './playback-state.repository.js';
import { ProgressSaver } from './progress-saver.js';
import { RecorderService } from './recorder.service.js';
import { RecordingAdmission } from './recording-admission.js';
import { RecordingCloser } from './recording-closer.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';
import { RecordingService } from './recording.service.js';

/** What has the disk and FFmpeg: only in processes that record. */
const RECORDER_PROVIDERS: Provider[] = [
  { provide: MediaTools, inject: [AppConfig, AppLogger], useFactory: findMediaTools },
  { provide: NodeIdentity, inject: [AppConfig], useFactory: ({ recordDir }: AppConfig) => loadNodeIdentity(recordDir) },
  {
    provide: FragmentLog,
    inject: [AppConfig, AppLogger],
    useFactory: ({ recordDir, recording }: AppConfig, logger: AppLogger) => {
      mkdirSync(recordDir, { recursive: true });
      return new FragmentLog(recordDir, recording.segmentMs, logger);
    },
  },
  {
    provide: AssembledFiles,
    inject: [AppConfig],
    useFactory: ({ recordDir }: AppConfig) => new AssembledFiles(recordDir),
  },
  { provide: Assembler, useClass: FfmpegAssembler },
  CaptureFactory,
  CapturePool,
  FfmpegHealth,
  FinaliseService,
  LogRetention,
  MediaProbe,
  ProgressSaver,
  RecorderService,
  RecordingAdmission,
  RecordingCloser,
  RecordingRepository,
  RecordingRunner,
];

/** The write side: ranges for everybody, and the recorder in the processes whose role has one. */
@Module({})
export class RecordingModule {
  static forRole(role: ProcessRole): DynamicModule {
    const records = role === 'all' || role === 'recorder';
    return {
      module: RecordingModule,
      global: true,
      imports: records ? [CameraModule] : [],
      providers: [PlaybackStateRepository, RecordingService, ...(records ? RECORDER_PROVIDERS : [])],
      exports: [RecordingService, PlaybackStateRepository],
    };
  }
}
