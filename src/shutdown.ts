import { setTimeout as delay } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AppLogger } from './common/logging.js';
import type { StopState } from './http-input.js';
import type { EmbeddedPostgres } from './modules/database/index.js';
import { killRunningFfmpegs, runningFfmpegs } from './ffmpeg/ffmpeg-spawn.process.js';

/** SIGHUP comes when a session is closed, and from `systemctl reload`: a camera service must not die of it without a word. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C reaches us from the terminal, and once more from npm, which passes it on: that is one wish. */
const SAME_WISH_MS = 500;
/** For a stop in a hurry: a database that is not down by then recovers at its next start. */
const DATABASE_HURRY_MS = 1_000;
/** Nothing may keep a process that is in a hurry. */
const HURRY_MS = 2_000;

/**
 * Ends the process when it is told to. The first signal drains: no new triggers, captures end, the log is closed, jobs are given up, the
 * database goes last. A second one, or a drain that takes too long, waits for nothing: what is on disk is safe either way.
 */
export class Shutdown {
  readonly state: StopState = { leaving: false, stopping: false };
  /** Set as they come up. */
  app: NestExpressApplication | null = null;
  postgres: EmbeddedPostgres | null = null;
  private stoppingSinceMs = 0;
  private hurrying = false;

  constructor(
    private readonly logger: AppLogger,
    private readonly limits: { shutdownTimeoutMs: number; shutdownDelayMs: number },
  ) {}

  listen(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.onSignal(signal));
  }

  private onSignal(signal: NodeJS.Signals): void {
    if (!this.state.leaving) {
      this.state.leaving = true;
      this.stoppingSinceMs = Date.now();
      this.logger.info('stopping', { signal });
      void this.drain();
    } else if (Date.now() - this.stoppingSinceMs > SAME_WISH_MS) {
      this.logger.warn('told to stop a second time: not waiting any more', { signal, waitedFor: this.waitsFor() });
      void this.hurry();
    }
  }

  private async drain(): Promise<void> {
    // Whoever sends requests here still, triggers too, is answered as before until it has seen that we are going.
    if (this.app && this.limits.shutdownDelayMs > 0) await delay(this.limits.shutdownDelayMs);
    this.state.stopping = true;
    const timer = setTimeout(() => this.giveUp(), this.limits.shutdownTimeoutMs);
    try {
      await this.app?.close();
      await this.postgres?.stop();
      clearTimeout(timer);
      if (!this.hurrying) process.exit(0);
    } catch (error) {
      this.logger.error('the stop failed', { err: error });
      await this.hurry();
    }
  }

  private giveUp(): void {
    this.logger.error('the stop took too long: ending all the same', {
      timeoutMs: this.limits.shutdownTimeoutMs,
      waitedFor: this.waitsFor(),
    });
    void this.hurry();
  }

  private async hurry(): Promise<void> {
    if (this.hurrying) return;
    this.hurrying = true;
    killRunningFfmpegs();
    const stopped = Promise.resolve(this.postgres?.stop(DATABASE_HURRY_MS)).catch(() => undefined);
    await Promise.race([stopped, delay(HURRY_MS)]);
    process.exit(1);
  }

  /** The modules stop first, then the listener closes, then the database. */
  private waitsFor(): string {
    const pids = runningFfmpegs();
    if (pids.length > 0) return `FFmpeg (${pids.join(', ')})`;
    if (!this.app) return 'the start';
    return this.app.getHttpServer().listening ? 'recordings, jobs or their database' : 'connections or the database';
  }
}
