import { Global, Module } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { AbandonedHomes } from './abandoned-homes.js';
import { InterruptionPruner } from './interruption-pruner.js';
import { KeptRanges } from './kept-ranges.js';
import { LogSweeper } from './log-sweeper.service.js';
import { RingRanges } from './ring-ranges.js';
import { UnsafeRangesRepository } from './unsafe-ranges.repository.js';

/** What may go from the disk of this node: only in processes that record. */
@Global()
@Module({
  imports: [CameraModule],
  providers: [AbandonedHomes, InterruptionPruner, KeptRanges, LogSweeper, RingRanges, UnsafeRangesRepository],
  exports: [LogSweeper],
})
export class LogSweepModule {}
