import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';

describe('SystemClock', () => {
  it('tells the same instant both ways', () => {
    const clock = new SystemClock();
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(1_000);
  });

  it('sleeps for as long as asked', async () => {
    const startedAtMs = Date.now();
    await new SystemClock().sleep(30);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(29);
  });

  it('wakes at once when aborted, without an error', async () => {
    const abort = new AbortController();
    const sleeping = new SystemClock().sleep(3_600_000, abort.signal);
    abort.abort();
    await sleeping;
    await new SystemClock().sleep(3_600_000, abort.signal);
  });
});
