export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  /** Multiplier from one attempt to the next. */
  factor?: number;
  /** Share of the delay that is random, 0 to 1: many cameras behind one switch must not come back in step. */
  jitter?: number;
}

/**
 * The pause before attempt `attempt` (1 = the first retry), in milliseconds.
 * @param random a number in [0, 1), by default Math.random()
 */
export function backoffMs(attempt: number, options: BackoffOptions, random = Math.random()): number {
  const { firstMs, maxMs, factor = 2, jitter = 0.2 } = options;
  const full = Math.min(maxMs, firstMs * factor ** Math.max(0, attempt - 1));
  return Math.round(full * (1 - jitter * random));
}
