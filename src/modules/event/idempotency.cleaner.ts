import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';

/** A sensor that retries does so within minutes; a day covers a backend that was down over night. */
const KEEP_MS = 24 * 3_600_000;
const INTERVAL_MS = 3_600_000;

/** Forgets idempotency keys that nobody will repeat any more. */
@Injectable()
export class IdempotencyCleaner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: IdempotencyKeyRepository,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.clean(), INTERVAL_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async clean(): Promise<void> {
    try {
      await this.keys.deleteBefore(new Date(this.clock.nowMs() - KEEP_MS));
    } catch (error) {
      this.logger.warn('old idempotency keys were not removed; trying again later', { err: error });
    }
  }
}
