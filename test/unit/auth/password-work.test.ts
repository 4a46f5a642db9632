import { describe, expect, it } from '@jest/globals';
import { PasswordWork } from '../../../src/modules/auth/password-work.js';
import { loadConfig } from '../../../src/config/app-config.js';

/** Work that goes on until it is told to end. */
function workshop(env: Record<string, string>) {
  const work = new PasswordWork(loadConfig(env));
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const run = (name: string) =>
    work.run(
      () =>
        new Promise<string>((resolve, reject) => {
          begun.push(name);
          ends.set(name, (error) => (error ? reject(error) : resolve(name)));
        }),
    );
  return { work, begun, run, end: (name: string, error?: Error) => ends.get(name)!(error) };
}

const busy = { code: 'AUTH.BUSY', kind: 'unavailable', retryAfterSec: 1 };

describe('PasswordWork', () => {
  it('lets two work and a few wait, and refuses more at once', async () => {
    const { work, begun, run, end } = workshop({ LOGINS_WAITING: '2' });
    const done = ['a', 'b', 'c', 'd'].map(run);
    expect(begun).toEqual(['a', 'b']);
    expect(() => work.checkRoom()).toThrow(expect.objectContaining(busy));
    await expect(run('e')).rejects.toMatchObject(busy);
    end('b');
    await done[1];
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b', 'c']);
    work.checkRoom();
    for (const name of ['a', 'c']) end(name);
    await done[2];
    end('d');
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('passes a place on when work fails, and counts it free in the end', async () => {
    const { begun, run, end } = workshop({ LOGINS_AT_ONCE: '1', LOGINS_WAITING: '1' });
    const [first, second] = [run('a'), run('b')];
    end('a', new Error('failed'));
    await expect(first).rejects.toThrow('failed');
    end('b');
    expect(await second).toBe('b');
    const third = run('c');
    expect(begun).toEqual(['a', 'b', 'c']);
    end('c');
    await third;
  });
});
