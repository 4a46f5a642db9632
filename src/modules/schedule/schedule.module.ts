import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { ProcessRole } from '../../config/app-config.js';
import { CameraModule } from '../camera/camera.module.js';
import { DueOccurrencesRepository } from './due-occurrences.repository.js';
import { OccurrenceController } from './occurrence.controller.js';
import { OccurrenceOpener } from './occurrence-opener.service.js';
import { OccurrencePlanRepository } from './occurrence-plan.repository.js';
import { OccurrenceRepository } from './occurrence.repository.js';
import { OccurrenceService } from './occurrence.service.js';
import { OccurrenceStarter } from './occurrence-starter.js';
import { ScheduleController } from './schedule.controller.js';
import { ScheduleIncidents } from './schedule-incidents.js';
import { ScheduleLoop } from './schedule-loop.service.js';
import { SchedulePlanner } from './schedule-planner.service.js';
import { ScheduleRepository } from './schedule.repository.js';
import { ScheduleService } from './schedule.service.js';

const RECORDER_PROVIDERS: Provider[] = [OccurrenceOpener, ScheduleLoop];

/** Schedules for everybody, and what begins their recordings in the processes whose role records. */
@Module({})
export class ScheduleModule {
  static forRole(role: ProcessRole): DynamicModule {
    const records = role === 'all' || role === 'recorder';
    return {
      module: ScheduleModule,
      imports: [CameraModule],
      controllers: [ScheduleController, OccurrenceController],
      providers: [
        DueOccurrencesRepository,
        OccurrencePlanRepository,
        OccurrenceRepository,
        OccurrenceService,
        OccurrenceStarter,
        ScheduleIncidents,
        SchedulePlanner,
        ScheduleRepository,
        ScheduleService,
        ...(records ? RECORDER_PROVIDERS : []),
      ],
    };
  }
}
