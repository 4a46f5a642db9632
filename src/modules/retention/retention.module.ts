import { Module } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { CameraRetentionController } from './camera-retention.controller.js';
import { CleaningLoop } from './cleaning-loop.js';
import { Disks } from './disks.store.js';
import { DueCamerasRepository } from './due-cameras.repository.js';
import { EarlierRemovals } from './earlier-removals.js';
import { FootageStoreMark } from './footage-store-mark.js';
import { HeldRepository } from './held.repository.js';
import { KeepingRepository } from './keeping.repository.js';
import { LimitGuard } from './limit-guard.js';
import { LockController } from './lock.controller.js';
import { LockRepository } from './lock.repository.js';
import { LockService } from './lock.service.js';
import { PlaybackRemoval } from './playback-removal.service.js';
import { PolicyRepository } from './policy.repository.js';
import { PolicyService } from './policy.service.js';
import { RemovalRepository } from './removal.repository.js';
import { RetentionGauges } from './retention-gauges.js';
import { RetentionIncidents } from './retention-incidents.js';
import { RetentionRuns } from './retention-runs.service.js';
import { RetentionController } from './retention.controller.js';
import { RetentionService } from './retention.service.js';
import { RoomNeeds } from './room-needs.js';
import { RoomRepository } from './room.repository.js';
import { RoomService } from './room.service.js';
import { StorageController } from './storage.controller.js';
import { StorePresence } from './store-presence.js';
import { TombstonePurger } from './tombstone-purger.service.js';
import { TombstoneRepository } from './tombstone.repository.js';

/**
 * How long what is kept, and the one way to delete. Takes DataSource, AppConfig, AppLogger, Clock, Metrics, DiskSpace, IncidentMonitor,
 * JobHandlers and both stores from global modules.
 */
@Module({
  imports: [CameraModule],
  controllers: [CameraRetentionController, LockController, RetentionController, StorageController],
  providers: [
    CleaningLoop,
    Disks,
    DueCamerasRepository,
    EarlierRemovals,
    FootageStoreMark,
    HeldRepository,
    KeepingRepository,
    LimitGuard,
    LockRepository,
    LockService,
    PlaybackRemoval,
    PolicyRepository,
    PolicyService,
    RemovalRepository,
    RetentionGauges,
    RetentionIncidents,
    RetentionRuns,
    RetentionService,
    RoomNeeds,
    StorePresence,
    RoomRepository,
    RoomService,
    TombstonePurger,
    TombstoneRepository,
  ],
  exports: [PlaybackRemoval],
})
export class RetentionModule {}
