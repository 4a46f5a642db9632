import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthService } from '../modules/health/index.js';
import { ffmpegMissing } from './ffmpeg-missing.js';
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
      if (missing !== null || !ffmpeg) throw ffmpegMissing(missing);
      return `${ffmpeg.version} from ${ffmpeg.source}`;
    });
  }
}
