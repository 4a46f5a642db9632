import { Global, Module } from '@nestjs/common';
import { Assembler } from './assembler.port.js';
import { FfmpegAssembler } from './ffmpeg-assembler.process.js';
import { FinaliseRetry } from './finalise-retry.service.js';
import { FinaliseService } from './finalise.service.js';
import { FootageAssembly } from './footage-assembly.service.js';
import { MediaProbe } from './media-probe.process.js';
import { ObjectBuilder } from './object-builder.js';
import { ObjectStorer } from './object-storer.service.js';
import { PartSender } from './part-sender.service.js';
import { PlaybackCompleter } from './playback-completer.service.js';
import { ProcessingRepository } from './processing.repository.js';
import { StaleUploads } from './stale-uploads.service.js';
import { UploadEngine } from './upload-engine.service.js';
import { UploadRestorer } from './upload-restorer.service.js';
import { UploadRepository } from './upload.repository.js';

/** From footage to a verified object in the store: only in processes that record. */
@Global()
@Module({
  providers: [
    { provide: Assembler, useClass: FfmpegAssembler },
    FinaliseRetry,
    FinaliseService,
    FootageAssembly,
    MediaProbe,
    ObjectBuilder,
    ObjectStorer,
    PartSender,
    PlaybackCompleter,
    ProcessingRepository,
    StaleUploads,
    UploadEngine,
    UploadRepository,
    UploadRestorer,
  ],
  exports: [FinaliseRetry, FinaliseService, ProcessingRepository, UploadEngine, UploadRepository, UploadRestorer],
})
export class DeliveryModule {}
