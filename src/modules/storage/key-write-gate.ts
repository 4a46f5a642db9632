import type { Clock } from '../../common/clock.js';

interface Lane {
  last: Promise<unknown>;
  waiting: number;
  endedAtMs: number;
}

/**
 * Lets writes to one key through one at a time and `gapMs` apart, whoever asks for them in this process.
 * R2 takes one write a second to a key and answers 429 to more: https://developers.cloudflare.com/r2/platform/limits/
 */
export class KeyWriteGate {
  private readonly lanes = new Map<string, Lane>();

  constructor(
    private readonly gapMs: number,
    private readonly clock: Clock,
  ) {}

  async run<T>(key: string, write: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.forgetOldLanes();
    const lane = this.lanes.get(key) ?? { last: Promise.resolve(), waiting: 0, endedAtMs: -Infinity };
    this.lanes.set(key, lane);
    lane.waiting++;
    const result = lane.last.then(async () => {
      await this.clock.sleep(Math.max(0, lane.endedAtMs + this.gapMs - this.clock.nowMs()), signal);
      return write();
    });
    lane.last = result
      .catch(() => undefined) // the caller hears of it; the next write goes ahead all the same
      .then(() => {
        lane.waiting--;
        lane.endedAtMs = this.clock.nowMs();
      });
    return result;
  }

  /** One write to many keys: it waits for those that were written just now, one after the other and in one order, so that no two wait for each other. */
  async runMany<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    this.forgetOldLanes();
    const recent = [...new Set(keys)].filter((key) => this.lanes.has(key)).sort();
    return recent.reduceRight((inner, key) => () => this.run(key, inner), write)();
  }

  private forgetOldLanes(): void {
    const oldMs = this.clock.nowMs() - this.gapMs;
    for (const [key, lane] of this.lanes) if (lane.waiting === 0 && lane.endedAtMs < oldMs) this.lanes.delete(key);
  }
}
