import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { AppLogger } from '../../common/logging.js';
import { LockSession } from '../database/index.js';

const RECONNECT_MS = 200;

export interface OwnerSessionOptions {
  url: string;
  /** Not having come back for this long is told once. */
  lossMs: number;
  clock: Clock;
  logger: AppLogger;
}

export interface OwnerSessionEvents {
  /** Takes what is ours on a new session. False: the session is of no use, and another one is tried. */
  reclaim(session: LockSession): Promise<boolean>;
  /** It was not back in time. */
  late(): void;
  regained(): void;
}

/** A lock session for as long as the process lives: when it is lost, another one is opened. */
export class OwnerSession {
  private session: LockSession | null = null;
  private stopped = false;
  private regaining: Promise<void> | null = null;

  constructor(
    private readonly options: OwnerSessionOptions,
    private readonly events: OwnerSessionEvents,
  ) {}

  /** Null while it is lost. */
  get current(): LockSession | null {
    return this.session;
  }

  use(session: LockSession): void {
    this.session = session;
    session.onLost((error) => this.lost(session, error));
  }

  /** For whoever finds out that it does not answer. */
  lost(session: LockSession, error: unknown): void {
    if (this.session !== session || this.stopped) return;
    this.session = null;
    void session.close();
    this.options.logger.warn('lost the connection that owns cameras', { reason: messageOf(error) });
    this.regaining ??= this.regain().finally(() => (this.regaining = null));
  }

  /** Lets every lock go. */
  async close(): Promise<void> {
    this.stopped = true;
    await this.regaining;
    await this.session?.close();
    this.session = null;
  }

  private async regain(): Promise<void> {
    const { clock, lossMs } = this.options;
    const limit = setTimeout(() => this.events.late(), lossMs);
    try {
      while (!this.stopped && !(await this.regainOnce())) await clock.sleep(RECONNECT_MS);
    } finally {
      clearTimeout(limit);
    }
  }

  private async regainOnce(): Promise<boolean> {
    const { url, logger } = this.options;
    let session: LockSession | undefined;
    try {
      session = await LockSession.open(url);
      if (!(await this.events.reclaim(session))) {
        await session.close();
        return false;
      }
      this.use(session);
      logger.info('the connection that owns cameras is back');
      this.events.regained();
      return true;
    } catch (error) {
      logger.debug('the connection that owns cameras is not back yet', { reason: messageOf(error) });
      await session?.close();
      return false;
    }
  }
}
