import { beforeEach, describe, expect, it } from '@jest/globals';
import { KeyWriteGate } from '../../../src/modules/storage/key-write-gate.js';
import { FakeClock } from './fake-clock.js';

describe('the write gate', () => {
  let clock: FakeClock;
  let gate: KeyWriteGate;
  let log: string[];

  beforeEach(() => {
    clock = new FakeClock();
    gate = new KeyWriteGate(1_000, clock);
    log = [];
  });

  const write =
    (name: string, takesMs = 0) =>
    async (): Promise<string> => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      clock.pass(takesMs);
      log.push(`${name} ends`);
      return name;
    };

  it('keeps writes to one key apart, counted from the end of the last', async () => {
    expect(await Promise.all([gate.run('a', write('one', 300)), gate.run('a', write('two'))])).toEqual(['one', 'two']);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
    expect(clock.sleeps).toEqual([1_000]);
    clock.pass(400);
    await gate.run('a', write('three'));
    expect(clock.sleeps).toEqual([1_000, 600]);
  });

  it('does not wait after a pause', async () => {
    await gate.run('a', write('one'));
    clock.pass(1_000);
    await gate.run('a', write('two'));
    expect(clock.sleeps).toEqual([]);
  });

  it('lets different keys through side by side', async () => {
    await Promise.all([gate.run('a', write('one')), gate.run('b', write('two'))]);
    expect(log.slice(0, 2)).toEqual(['one begins', 'two begins']);
    expect(clock.sleeps).toEqual([]);
  });

  it('counts a write that failed, and goes on', async () => {
    await expect(gate.run('a', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await gate.run('a', write('two'));
    expect(clock.sleeps).toEqual([1_000]);
  });

  it('lets a write to many keys through when the last write to any of them is long enough ago', async () => {
    await gate.run('b', write('one'));
    clock.pass(300);
    await gate.run('a', write('two'));
    expect(await gate.runMany(['c', 'b', 'a', 'b'], write('many'))).toBe('many');
    expect(log.slice(4)).toEqual(['many begins', 'many ends']);
    expect(clock.sleeps).toEqual([1_000]);
    await gate.run('a', write('three'));
    expect(clock.sleeps).toEqual([1_000, 1_000]);
  });

  it('asks nobody to wait for keys that nobody wrote, and keeps writes to many keys from waiting for each other', async () => {
    await gate.runMany(['x', 'y'], write('fresh'));
    expect(clock.sleeps).toEqual([]);
    await Promise.all(['a', 'b'].map((key) => gate.run(key, write(key))));
    const both = [gate.runMany(['a', 'b'], write('one')), gate.runMany(['b', 'a'], write('two'))];
    expect(await Promise.all(both)).toEqual(['one', 'two']);
    expect(log.slice(-4)).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });
});
