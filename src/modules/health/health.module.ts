import { Global, Module } from '@nestjs/common';
import { StorageObserver } from '../storage/index.js';
import { BuiltInChecks } from './built-in-checks.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';

/** Global, so that every module can count and contribute checks. Takes DataSource, ObjectStore, AppConfig, AppLogger and Clock from global modules. */
@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [
    Metrics,
    HealthService,
    BuiltInChecks,
    { provide: StorageObserver, inject: [Metrics], useFactory: countUploads },
  ],
  exports: [Metrics, HealthService, StorageObserver],
})
export class HealthModule {}

function countUploads({ uploadBytes, uploadFailures }: Metrics): StorageObserver {
  return { uploaded: (bytes) => uploadBytes.inc(bytes), uploadFailed: () => uploadFailures.inc() };
}
