import { backoffMs } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import type { AppLogger } from '../../common/logging.js';

const RETRY = { firstMs: 200, maxMs: 5_000 };

export interface PersistContext {
  clock: Clock;
  logger: AppLogger;
  /** Aborted: the last error is thrown instead of another try. */
  signal: AbortSignal;
}

/** Footage is on disk; a database that is away only delays what is said about it: tries until it is said. */
export async function persist<T>(work: () => Promise<T>, { clock, logger, signal }: PersistContext): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      logger.warn('the database did not take a change; trying again', { err: error, attempt });
      await clock.sleep(backoffMs(attempt, RETRY), signal);
    }
  }
}
