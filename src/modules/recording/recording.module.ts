import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppLogger } from '../../common/logging.js';
import { AppConfig, type ProcessRole } from '../../config/app-config.js';
import { CameraModule } from '../camera/camera.module.js';
import { Metrics } from '../health/metrics.js';
import { Assembler } from './assembly/assembler.port.js';
import { AssembledFiles } from './assembly/assembled-files.store.js';
import { CameraStatusSaver } from './capture/camera-status-saver.js';
import { CaptureFactory } from './capture/capture-factory.js';
import { CapturePool } from './capture/capture-pool.service.js';
import { FinaliseRetry } from './assembly/finalise-retry.service.js';
import { FootageAssembly } from './assembly/footage-assembly.service.js';
import { ObjectBuilder } from './assembly/object-builder.js';
import { ObjectStorer } from './assembly/object-storer.service.js';
import { PlaybackCompleter } from './assembly/playback-completer.service.js';
import { PartSender } from './upload/part-sender.service.js';
import { StaleUploads } from './upload/stale-uploads.service.js';
import { UploadEngine } from './upload/upload-engine.service.js';
import { UploadRepository } from './upload/upload.repository.js';
import { UploadRestorer } from './upload/upload-restorer.service.js';
import { FfmpegAssembler } from './assembly/ffmpeg-assembler.process.js';
import { FfmpegHealth } from '../../ffmpeg/ffmpeg-health.js';
import { FinaliseService } from './assembly/finalise.service.js';
import { FootageReader } from './log/footage-reader.service.js';
import { FragmentLog } from './log/fragment-log.store.js';
import { LogRetention } from './log/log-retention.service.js';
import { MediaProbe } from './assembly/media-probe.process.js';
import { findMediaTools, MediaTools } from '../../ffmpeg/media-tools.process.js';
import { NodeIdentity } from './ownership/node-identity.js';
import { Ownership } from './ownership/ownership.service.js';
import { PlaybackStateRepository } from './playback-state.repository.js';
import { PreviewFrames } from './preview/preview-frames.process.js';
import { PreviewRepository } from './preview/preview.repository.js';
import { PreviewService } from './preview/preview.service.js';
import { OpenRecordingsRepository } from './open-recordings.repository.js';
import { ProgressSaver } from './progress-saver.js';
import { RecorderHome } from './ownership/recorder-home.js';
import { RecorderService } from './recorder.service.js';
import { RecordingAdmission } from './recording-admission.js';
import { RecordingCloser } from './recording-closer.js';
import { RecordingGauges } from './recording-gauges.js';
import { RecordingRangeRepository } from './recording-range.repository.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';
import { RecordingService } from './recording.service.js';
import { TakeoverService } from './ownership/takeover.service.js';
import { WarmCameras } from './capture/warm-cameras.service.js';

/** What has the disk and FFmpeg: only in processes that record. */
const RECORDER_PROVIDERS: Provider[] = [
  {
    provide: RecorderHome,
    inject: [DataSource, AppConfig, AppLogger],
    useFactory: (dataSource: DataSource, { recordDir }: AppConfig, logger: AppLogger) =>
      RecorderHome.take(dataSource, recordDir, logger),
  },
  { provide: NodeIdentity, inject: [RecorderHome], useFactory: ({ node }: RecorderHome) => node },
  {
    provide: MediaTools,
    inject: [AppConfig, AppLogger, NodeIdentity],
    useFactory: (config: AppConfig, logger: AppLogger, { nodeId }: NodeIdentity) =>
      findMediaTools(config, logger, nodeId),
  },
  {
    provide: FragmentLog,
    inject: [NodeIdentity, AppConfig, AppLogger, Metrics],
    useFactory: ({ homeDir }: NodeIdentity, { recording }: AppConfig, logger: AppLogger, { tornTails }: Metrics) =>
      new FragmentLog(homeDir, recording, logger, () => tornTails.inc()),
  },
  {
    provide: AssembledFiles,
    inject: [NodeIdentity],
    useFactory: ({ homeDir }: NodeIdentity) => new AssembledFiles(homeDir),
  },
  { provide: Assembler, useClass: FfmpegAssembler },
  CameraStatusSaver,
  CaptureFactory,
  CapturePool,
  FfmpegHealth,
  FinaliseRetry,
  FinaliseService,
  FootageAssembly,
  LogRetention,
  MediaProbe,
  ObjectBuilder,
  ObjectStorer,
  Ownership,
  PartSender,
  PlaybackCompleter,
  PreviewFrames,
  PreviewRepository,
  PreviewService,
  ProgressSaver,
  RecorderService,
  RecordingAdmission,
  RecordingCloser,
  RecordingRunner,
  StaleUploads,
  TakeoverService,
  UploadEngine,
  UploadRepository,
  UploadRestorer,
  WarmCameras,
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
      providers: [
        FootageReader,
        OpenRecordingsRepository,
        PlaybackStateRepository,
        RecordingGauges,
        RecordingRangeRepository,
        RecordingRepository,
        RecordingService,
        ...(records ? RECORDER_PROVIDERS : []),
      ],
      exports: [FootageReader, RecordingService, PlaybackStateRepository],
    };
  }
}
