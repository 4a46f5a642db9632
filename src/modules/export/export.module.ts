import { type DynamicModule, Module } from '@nestjs/common';
import type { ProcessRole } from '../../config/app-config.js';
import { ArchiveReaderModule } from '../archive/archive-reader.module.js';
import { ExportJobs } from './export-jobs.js';
import { ExportService } from './export.service.js';

/** Footage of the archive as one video: asked for in every process, made in those that store playbacks. */
@Module({})
export class ExportModule {
  static forRole(role: ProcessRole): DynamicModule {
    const stores = role === 'all' || role === 'recorder';
    return {
      module: ExportModule,
      global: true,
      imports: [ArchiveReaderModule],
      providers: [ExportService, ...(stores ? [ExportJobs] : [])],
      exports: [ExportService],
    };
  }
}
