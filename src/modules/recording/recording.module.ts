import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { ProcessRole } from '../../config/app-config.js';
import { ArchiveModule } from '../archive/archive.module.js';
import { CameraModule } from '../camera/camera.module.js';
import { CaptureModule } from '../capture/capture.module.js';
import { ClusterModule } from '../cluster/cluster.module.js';
import { BacklogModule } from '../delivery/backlog.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { ExportModule } from '../export/export.module.js';
import { FootageModule } from '../footage/footage.module.js';
import { PreviewModule } from '../preview/preview.module.js';
import { LogSweepModule } from '../log-sweep/log-sweep.module.js';
import { DueRecordings } from './due-recordings.js';
import { DueRecordingsRepository } from './due-recordings.repository.js';
import { FinaliseJobs } from './finalise-jobs.js';
import { FootageIntake } from './footage-intake.js';
import { Handover } from './handover.js';
import { MissedFootage } from './missed-footage.js';
import { OpenRecordingsRepository } from './open-recordings.repository.js';
import { ProgressSaver } from './progress-saver.js';
import { RecorderCameras } from './recorder-cameras.js';
import { RecorderReconciler } from './recorder-reconciler.js';
import { RecorderService } from './recorder.service.js';
import { RecordingCloser } from './recording-closer.js';
import { RecordingEnd } from './recording-end.js';
import { RecordingIncidents } from './recording-incidents.js';
import { RecordingGauges } from './recording-gauges.js';
import { RecordingLives } from './recording-lives.js';
import { RecordingRangeRepository } from './recording-range.repository.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';
import { RecordingService } from './recording.service.js';
import { StalledRecordings } from './stalled-recordings.js';
import { StuckRecordingsRepository } from './stuck-recordings.repository.js';
import { TakeoverService } from './takeover.service.js';

/** What has the disk and FFmpeg: only in processes that record. */
const RECORDER_MODULES = [
  CameraModule,
  ClusterModule,
  FootageModule,
  ArchiveModule,
  CaptureModule,
  LogSweepModule,
  PreviewModule,
  DeliveryModule,
];
const RECORDER_PROVIDERS: Provider[] = [
  DueRecordings,
  DueRecordingsRepository,
  FinaliseJobs,
  FootageIntake,
  Handover,
  MissedFootage,
  ProgressSaver,
  RecorderCameras,
  RecorderReconciler,
  RecorderService,
  RecordingCloser,
  RecordingEnd,
  RecordingLives,
  RecordingRepository,
  RecordingRunner,
  StalledRecordings,
  TakeoverService,
];

/** The life of a recording: ranges for everybody, and the recorder in the processes whose role has one. */
@Module({})
export class RecordingModule {
  static forRole(role: ProcessRole): DynamicModule {
    const records = role === 'all' || role === 'recorder';
    return {
      module: RecordingModule,
      global: true,
      imports: [BacklogModule, ExportModule.forRole(role), ...(records ? RECORDER_MODULES : [])],
      providers: [
        OpenRecordingsRepository,
        RecordingGauges,
        RecordingIncidents,
        RecordingRangeRepository,
        RecordingService,
        StuckRecordingsRepository,
        ...(records ? RECORDER_PROVIDERS : []),
      ],
      exports: [RecordingService],
    };
  }
}
