import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { OccurrenceOpener } from './occurrence-opener.service.js';
import { SchedulePlanner } from './schedule-planner.service.js';

/** Plans reach two weeks ahead, so nothing hangs on the minute. */
const PLAN_EVERY_MS = 60_000;

/** Looks as often as the recorder does whether something is due. */
@Injectable()
export class ScheduleLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private plannedAtMs = -Infinity;
  private isFailing = false;

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly opener: OccurrenceOpener,
    private readonly planner: SchedulePlanner,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), this.config.recording.reconcileMs);
    this.look();
  }

  /** A database that is silent does not hold the stop: what was being opened is opened, or is not. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    const waited = new AbortController();
    await Promise.race([this.looking, this.clock.sleep(this.config.recording.reconcileMs, waited.signal)]);
    waited.abort();
  }

  private look(): void {
    this.looking ??= this.lookOnce().finally(() => (this.looking = null));
  }

  private async lookOnce(): Promise<void> {
    try {
      await this.opener.openDue();
      const nowMs = this.clock.nowMs();
      if (Math.abs(nowMs - this.plannedAtMs) >= PLAN_EVERY_MS) {
        await this.planner.planOn();
        this.plannedAtMs = nowMs;
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn('schedules could not be looked at; trying again', { err: error });
      this.isFailing = true;
    }
  }
}
