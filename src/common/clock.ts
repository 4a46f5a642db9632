import { setTimeout as delay } from 'node:timers/promises';

/** Where domain code gets the time from, so that a test can move it. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract nowMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (never rejects for that). */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;

  now(): Date {
    return new Date(this.nowMs());
  }
}

export class SystemClock extends Clock {
  nowMs(): number {
    return Date.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }
}
