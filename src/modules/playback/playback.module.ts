import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { CameraModule } from '../camera/camera.module.js';
import { allowOtherSites, MediaLinkSigner } from '../media/index.js';
import { RetentionModule } from '../retention/retention.module.js';
import { MediaAccessGuard } from './media-access.guard.js';
import { PlaybackMediaController } from './playback-media.controller.js';
import { PlaybackMediaService } from './playback-media.service.js';
import { PlaybackController } from './playback.controller.js';
import { PlaybackRepository } from './playback.repository.js';
import { PlaybackStarter } from './playback-starter.service.js';
import { PlaybackService } from './playback.service.js';
import { PlaybackPreviewRepository } from './preview/playback-preview.repository.js';
import { PlaybackPreviewService } from './preview/playback-preview.service.js';
import { PreviewController } from './preview/preview.controller.js';
import { LiveStream } from './stream/live-stream.service.js';
import { StoredStream } from './stream/stored-stream.service.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamIndexRepository } from './stream/stream-index.repository.js';
import { StreamService } from './stream/stream.service.js';
import { WatchAssets } from './watch/watch-assets.store.js';
import { WatchController } from './watch/watch.controller.js';
import { WatchService } from './watch/watch.service.js';

/**
 * The read side, and the start and stop by hand. Takes DataSource, AppConfig, AppLogger, Clock, ObjectStore, RecordingService, ExportService, FootageReader, the job queue
 * and JwtAuthGuard from global modules.
 */
@Module({
  imports: [CameraModule, RetentionModule],
  controllers: [PlaybackController, PlaybackMediaController, PreviewController, StreamController, WatchController],
  providers: [
    LiveStream,
    MediaAccessGuard,
    MediaLinkSigner,
    PlaybackMediaService,
    PlaybackPreviewRepository,
    PlaybackPreviewService,
    PlaybackRepository,
    PlaybackService,
    PlaybackStarter,
    StoredStream,
    StreamIndexRepository,
    StreamService,
    WatchAssets,
    WatchService,
  ],
})
export class PlaybackModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(allowOtherSites).forRoutes('playbacks/:id/*media');
  }
}
