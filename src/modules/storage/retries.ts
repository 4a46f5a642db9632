import { backoffMs, type BackoffOptions } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';

export interface RetryPolicy extends BackoffOptions {
  /** How often at most, the first attempt included. */
  attempts: number;
}

export interface Retrying {
  clock: Clock;
  policy: RetryPolicy;
  isTransient: (error: unknown) => boolean;
}

/** Runs `attempt` until it succeeds, fails for good, has been tried often enough or is cancelled; throws its last error. */
export async function withRetries<T>(retrying: Retrying, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted || number >= retrying.policy.attempts || !retrying.isTransient(error)) throw error;
      await retrying.clock.sleep(backoffMs(number, retrying.policy), signal);
    }
  }
}
