import { Global, Module } from '@nestjs/common';
import { DiskCheck } from './disk-check.js';
import { DiskSpace } from './disk-space.service.js';

/** The disk of the recordings. Takes AppConfig, AppLogger, Clock, HealthService and Metrics from global modules. */
@Global()
@Module({ providers: [DiskCheck, DiskSpace], exports: [DiskSpace] })
export class DiskModule {}
