import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { FootageIndexRepository } from '../archive/index.js';
import { allowOtherSites, MediaLinkSigner } from '../media/index.js';
import { FootageAccessGuard } from './footage-link.js';
import { FootageStreamController } from './footage-stream.controller.js';
import { FootageStream } from './footage-stream.service.js';
import { SegmentBytes } from './segment-bytes.service.js';
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
  controllers: [FootageStreamController, TimelineController],
  providers: [
    FootageAccessGuard,
    FootageIndexRepository,
    FootageSource,
    FootageStream,
    LogFootage,
    MediaLinkSigner,
    SegmentBytes,
    TimelineRepository,
    TimelineService,
  ],
})
export class TimelineModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(allowOtherSites).forRoutes('cameras/:id/footage/*media');
  }
}
