import { Module } from '@nestjs/common';
import { MediaAccessGuard } from './media-access.guard.js';
import { MediaLinkSigner } from './media-link.signer.js';
import { ObjectRemovalService } from './object-removal.service.js';
import { PlaybackMediaController } from './playback-media.controller.js';
import { PlaybackMediaService } from './playback-media.service.js';
import { PlaybackController } from './playback.controller.js';
import { PlaybackRepository } from './playback.repository.js';
import { PlaybackService } from './playback.service.js';

/**
 * The read side. Takes DataSource, AppConfig, AppLogger, Clock, ObjectStore, RecordingService, the job queue
 * and JwtAuthGuard from global modules.
 */
@Module({
  controllers: [PlaybackController, PlaybackMediaController],
  providers: [
    MediaAccessGuard,
    MediaLinkSigner,
    ObjectRemovalService,
    PlaybackMediaService,
    PlaybackRepository,
    PlaybackService,
  ],
})
export class PlaybackModule {}
