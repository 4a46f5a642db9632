import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { HealthService } from '../modules/health/index.js';
import { MediaTools } from './media-tools.process.js';

/** Tells readiness whether this process can record. */
@Injectable()
export class FfmpegHealth implements OnModuleInit {
  constructor(
    private readonly health: HealthService,
    private readonly tools: MediaTools,
  ) {}

  onModuleInit(): void {
    this.health.register('ffmpeg', async () => {
      const { ffmpeg, missing } = this.tools;
      if (missing || !ffmpeg) {
        throw new AppError({
          code: 'RECORDING.FFMPEG_MISSING',
          kind: 'unavailable',
          message: missing ?? 'FFmpeg was not found.',
        });
      }
      return `${ffmpeg.version} from ${ffmpeg.source}`;
    });
  }
}
