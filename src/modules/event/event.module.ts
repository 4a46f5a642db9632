import { Module } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { EventController } from './event.controller.js';
import { EventRepository } from './event.repository.js';
import { EventService } from './event.service.js';
import { IdempotencyCleaner } from './idempotency.cleaner.js';

@Module({
  imports: [CameraModule],
  controllers: [EventController],
  providers: [EventRepository, EventService, IdempotencyCleaner],
})
export class EventModule {}
