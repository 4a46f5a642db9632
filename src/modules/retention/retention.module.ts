import { Global, Module } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { LogRetention } from './log-retention.service.js';
import { UnsafeRangesRepository } from './unsafe-ranges.repository.js';

/** What may go from the disk of this node: only in processes that record. */
@Global()
@Module({
  imports: [CameraModule],
  providers: [LogRetention, UnsafeRangesRepository],
  exports: [LogRetention],
})
export class RetentionModule {}
