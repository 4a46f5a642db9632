import { Global, Module } from '@nestjs/common';
import { InterruptionRepository } from './interruption.repository.js';
import { PlaybackRows } from './playback-row.repository.js';
import { PlaybackStateRepository } from './playback-state.repository.js';

/** The one door to the state of a recording, to its row and to why footage is missing. Takes DataSource from a global module. */
@Global()
@Module({
  providers: [InterruptionRepository, PlaybackRows, PlaybackStateRepository],
  exports: [InterruptionRepository, PlaybackRows, PlaybackStateRepository],
})
export class CatalogueModule {}
