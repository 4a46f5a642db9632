import { Global, Module } from '@nestjs/common';
import { InterruptionRepository } from './interruption.repository.js';
import { PlaybackRows } from './playback-row.repository.js';
import { PlaybackStateRepository } from './playback-state.repository.js';
import { ProgressRepository } from './progress.repository.js';

/** The one door to the state of a recording, to its row, to its progress and to why footage is missing. Takes DataSource from a global module. */
@Global()
@Module({
  providers: [InterruptionRepository, PlaybackRows, PlaybackStateRepository, ProgressRepository],
  exports: [InterruptionRepository, PlaybackRows, PlaybackStateRepository, ProgressRepository],
})
export class CatalogueModule {}
