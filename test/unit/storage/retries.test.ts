import { describe, expect, it } from '@jest/globals';
import { withRetries } from '../../../src/modules/storage/retries.js';
import { FakeClock } from './fake-clock.js';

const passing = new Error('passing');
const lasting = new Error('lasting');

function failing(...errors: Error[]) {
  const attempt = async (): Promise<string> => {
    attempt.count++;
    const error = errors[attempt.count - 1];
    if (error) throw error;
    return 'done';
  };
  attempt.count = 0;
  return attempt;
}

function setUp() {
  const clock = new FakeClock();
  const policy = { attempts: 3, firstMs: 100, maxMs: 1_000, jitter: 0 };
  return { clock, policy, isTransient: (error: unknown) => error === passing };
}

describe('retries', () => {
  it('go on, with growing pauses, until it works', async () => {
    const retrying = setUp();
    expect(await withRetries(retrying, failing(passing, passing))).toBe('done');
    expect(retrying.clock.sleeps).toEqual([100, 200]);
  });

  it('end with the last error when it never works', async () => {
    const attempt = failing(passing, passing, passing, passing);
    await expect(withRetries(setUp(), attempt)).rejects.toBe(passing);
    expect(attempt.count).toBe(3);
  });

  it('end at once when trying again cannot help', async () => {
    const attempt = failing(lasting);
    await expect(withRetries(setUp(), attempt)).rejects.toBe(lasting);
    expect(attempt.count).toBe(1);
  });

  it('end when they are cancelled', async () => {
    const attempt = failing(passing);
    await expect(withRetries(setUp(), attempt, AbortSignal.abort())).rejects.toBe(passing);
    expect(attempt.count).toBe(1);
  });
});
