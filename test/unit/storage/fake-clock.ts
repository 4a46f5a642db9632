import { Clock } from '../../../src/common/clock.js';

/** Time that moves only when somebody sleeps. */
export class FakeClock extends Clock {
  readonly sleeps: number[] = [];
  private timeMs = 1_000_000;

  nowMs(): number {
    return this.timeMs;
  }

  async sleep(ms: number): Promise<void> {
    if (ms > 0) this.sleeps.push(ms);
    this.timeMs += ms;
  }

  pass(ms: number): void {
    this.timeMs += ms;
  }
}
