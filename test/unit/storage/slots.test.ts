import { describe, expect, it } from '@jest/globals';
import { Slots } from '../../../src/modules/storage/slots.js';

describe('slots', () => {
  it('let no more in than there are, in the order of asking', async () => {
    const slots = new Slots(2);
    const entered: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) =>
        slots.use(async () => {
          entered.push(number);
          most = Math.max(most, ++inside);
          await new Promise(setImmediate);
          inside--;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(entered).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are given back when the work fails', async () => {
    const slots = new Slots(1);
    await expect(slots.use(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await slots.use(async () => 'next')).toBe('next');
  });

  it('are not held by those who stopped waiting', async () => {
    const slots = new Slots(1);
    const release = await slots.take();
    const stop = new AbortController();
    const impatient = slots.take(stop.signal);
    const patient = slots.take();
    stop.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    await expect(slots.take(stop.signal)).rejects.toThrow('enough');
    release();
    (await patient)();
    expect(await slots.use(async () => 'free')).toBe('free');
  });
});
