import { Module } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { EventController } from './event.controller.js';
import { EventRequests } from './event-requests.service.js';
import { EventRepository } from './event.repository.js';
import { EventService } from './event.service.js';
import { IdempotencyCleaner } from './idempotency.cleaner.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';

@Module({
  imports: [CameraModule],
  controllers: [EventController],
  providers: [EventRepository, EventRequests, EventService, IdempotencyCleaner, IdempotencyKeyRepository],
})
export class EventModule {}
