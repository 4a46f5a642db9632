import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from './common/clock.js';
import { AppLogger } from './common/logging.js';
import { AppConfig } from './config/app-config.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { CameraModule } from './modules/camera/camera.module.js';
import { CatalogueModule } from './modules/catalogue/catalogue.module.js';
import { DatabaseModule } from './modules/database/database.module.js';
import { EventModule } from './modules/event/event.module.js';
import { DiskModule } from './modules/footage/disk.module.js';
import { FootageReaderModule } from './modules/footage/footage-reader.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { IncidentModule } from './modules/incident/incident.module.js';
import { migrateQueue } from './modules/jobs/index.js';
import { JobsModule } from './modules/jobs/jobs.module.js';
import { PlaybackModule } from './modules/playback/playback.module.js';
import { RecordingModule } from './modules/recording/recording.module.js';
import { ScheduleModule } from './modules/schedule/schedule.module.js';
import { StatisticsModule } from './modules/statistics/statistics.module.js';
import { StorageModule } from './modules/storage/storage.module.js';
import { TimelineModule } from './modules/timeline/timeline.module.js';

@Global()
@Module({})
class FoundationModule {}

/**
 * The service as one role of it runs: `api` answers HTTP, `recorder` captures, `worker` does the rest of the jobs, `all` is all of them.
 * The modules are the same; RecordingModule has a recorder only where the role has one, and the HTTP app answers only where it has an API.
 */
@Module({})
export class AppModule {
  static of(config: AppConfig, logger: AppLogger): DynamicModule {
    const providers = [
      { provide: AppConfig, useValue: config },
      { provide: AppLogger, useValue: logger },
      { provide: Clock, useClass: SystemClock },
    ];
    const foundation = { module: FoundationModule, providers, exports: [AppConfig, AppLogger, Clock] };
    return {
      module: AppModule,
      imports: [
        foundation,
        DatabaseModule.of(migrateQueue),
        JobsModule,
        StorageModule,
        HealthModule,
        IncidentModule,
        DiskModule,
        CatalogueModule,
        FootageReaderModule,
        AuthModule,
        RecordingModule.forRole(config.role),
        CameraModule,
        EventModule,
        PlaybackModule,
        ScheduleModule.forRole(config.role),
        StatisticsModule,
        TimelineModule,
      ],
    };
  }
}
