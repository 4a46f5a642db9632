import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { FootageIndexRepository } from '../archive/index.js';
import { allowOtherSites, MediaLinkSigner } from '../media/index.js';
import { FootageSource } from './footage-source.service.js';
import { LogFootage } from './log-footage.service.js';
import { TimelineController } from './timeline.controller.js';
import { TimelineRepository } from './timeline.repository.js';
import { TimelineService } from './timeline.service.js';

/**
 * Footage of continuous cameras as it is seen and watched. Takes DataSource, AppConfig, AppLogger, Clock, FootageStore, FootageReader,
 * InterruptionRepository and JwtAuthGuard from global modules.
 */
@Module({
  controllers: [TimelineController],
  providers: [FootageIndexRepository, FootageSource, LogFootage, MediaLinkSigner, TimelineRepository, TimelineService],
})
export class TimelineModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(allowOtherSites).forRoutes('cameras/:id/footage/*media');
  }
}
