import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { persist } from '../../../src/modules/database/persist.js';

class FastClock extends SystemClock {
  readonly pausesMs: number[] = [];

  override async sleep(ms: number): Promise<void> {
    this.pausesMs.push(ms);
  }
}

const logger = createLogger('silent');

describe('persist', () => {
  it('tries until the database takes it, with growing pauses', async () => {
    const clock = new FastClock();
    let failures = 9;
    const work = async () => {
      if (failures-- > 0) throw new Error('connection refused');
      return 'taken';
    };
    await expect(persist(work, { clock, logger, signal: new AbortController().signal })).resolves.toBe('taken');
    expect(clock.pausesMs).toHaveLength(9);
    expect(clock.pausesMs[8]!).toBeGreaterThan(clock.pausesMs[0]!);
    expect(Math.max(...clock.pausesMs)).toBeLessThanOrEqual(5_000);
  });

  it('tries once, and no more, when the service stops', async () => {
    let tries = 0;
    const work = async () => {
      tries += 1;
      throw new Error('connection refused');
    };
    await expect(persist(work, { clock: new FastClock(), logger, signal: AbortSignal.abort() })).rejects.toThrow(
      'refused',
    );
    expect(tries).toBe(1);
  });
});
