import { Module } from '@nestjs/common';
import { CleaningLoop } from './cleaning-loop.js';
import { Disks } from './disks.store.js';
import { DueCamerasRepository } from './due-cameras.repository.js';
import { EarlierRemovals } from './earlier-removals.js';
import { FootageStoreMark } from './footage-store-mark.js';
import { KeepingRepository } from './keeping.repository.js';
import { PlaybackRemoval } from './playback-removal.service.js';
import { PolicyRepository } from './policy.repository.js';
import { RemovalRepository } from './removal.repository.js';
import { RetentionGauges } from './retention-gauges.js';
import { RetentionIncidents } from './retention-incidents.js';
import { RetentionService } from './retention.service.js';
import { RoomNeeds } from './room-needs.js';
import { RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { TombstonePurger } from './tombstone-purger.service.js';
import { TombstoneRepository } from './tombstone.repository.js';

/**
 * How long what is kept, and the one way to delete. Takes DataSource, AppConfig, AppLogger, Clock, Metrics, DiskSpace, IncidentMonitor,
 * JobHandlers and both stores from global modules.
 */
@Module({
  providers: [
    CleaningLoop,
    Disks,
    DueCamerasRepository,
    EarlierRemovals,
    FootageStoreMark,
    KeepingRepository,
    PlaybackRemoval,
    PolicyRepository,
    RemovalRepository,
    RetentionGauges,
    RetentionIncidents,
    RetentionService,
    RoomNeeds,
    RoomRepository,
    RoomService,
    TombstonePurger,
    TombstoneRepository,
  ],
  exports: [PlaybackRemoval],
})
export class RetentionModule {}
