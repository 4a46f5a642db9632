import { Global, Module } from '@nestjs/common';
import { Assembler } from './assembler.port.js';
import { DeliveredFootage } from './delivered-footage.js';
import { ExportAttempt } from './export-attempt.js';
import { ExportRuns } from './export-runs.service.js';
import { FfmpegAssembler } from './ffmpeg-assembler.process.js';
import { FinaliseAttempt } from './finalise-attempt.js';
import { FinaliseHandler } from './finalise-handler.js';
import { FinaliseRetry } from './finalise-retry.service.js';
import { FinaliseService } from './finalise.service.js';
import { FootageAssembly } from './footage-assembly.service.js';
import { FootageLoss } from './footage-loss.js';
import { HopelessFinalises } from './hopeless-finalises.js';
import { KeptFootage } from './kept-footage.js';
import { MediaProbe } from './media-probe.process.js';
import { ObjectBuilder } from './object-builder.js';
import { ObjectMaker } from './object-maker.js';
import { ObjectStorer } from './object-storer.service.js';
import { PartSender } from './part-sender.service.js';
import { PlaybackCompleter } from './playback-completer.service.js';
import { PlaybackFootage } from './playback-footage.service.js';
import { ProcessingRepository } from './processing.repository.js';
import { StaleUploads } from './stale-uploads.service.js';
import { StoredVideo } from './stored-video.js';
import { UploadEngine } from './upload-engine.service.js';
import { UploadRestorer } from './upload-restorer.service.js';
import { UploadRepository } from './upload.repository.js';

/** From footage to a verified object in the store: only in processes that record. */
@Global()
@Module({
  providers: [
    { provide: Assembler, useClass: FfmpegAssembler },
    DeliveredFootage,
    ExportAttempt,
    ExportRuns,
    FinaliseAttempt,
    FinaliseHandler,
    FinaliseRetry,
    FinaliseService,
    FootageAssembly,
    FootageLoss,
    HopelessFinalises,
    KeptFootage,
    MediaProbe,
    ObjectBuilder,
    ObjectMaker,
    ObjectStorer,
    PartSender,
    PlaybackCompleter,
    PlaybackFootage,
    ProcessingRepository,
    StaleUploads,
    StoredVideo,
    UploadEngine,
    UploadRepository,
    UploadRestorer,
  ],
  exports: [
    ExportRuns,
    FinaliseRetry,
    FinaliseService,
    ProcessingRepository,
    UploadEngine,
    UploadRepository,
    UploadRestorer,
  ],
})
export class DeliveryModule {}
