import { Global, Module } from '@nestjs/common';
import { PreviewFrames } from './preview-frames.process.js';
import { PreviewRepository } from './preview.repository.js';
import { PreviewService } from './preview.service.js';

/** Makes thumbnails and sprites: only in processes that record. */
@Global()
@Module({
  providers: [PreviewFrames, PreviewRepository, PreviewService],
  exports: [PreviewService],
})
export class PreviewModule {}
