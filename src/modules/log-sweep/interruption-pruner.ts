import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { InterruptionRepository } from '../catalogue/index.js';

/** Interruptions explain gaps of recordings that are not final; older ones explain nothing any more. */
const KEEP_MS = 30 * 24 * 3_600_000;
const INTERVAL_MS = 3_600_000;

/** Forgets interruptions that explain nothing any more. */
@Injectable()
export class InterruptionPruner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly interruptions: InterruptionRepository,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.prune(), INTERVAL_MS);
    void this.prune();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async prune(): Promise<void> {
    try {
      await this.interruptions.deleteBefore(new Date(this.clock.nowMs() - KEEP_MS));
    } catch (error) {
      this.logger.warn('old interruptions were not removed; trying again later', { err: error });
    }
  }
}
