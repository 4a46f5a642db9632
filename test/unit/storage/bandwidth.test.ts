import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { Bandwidth, type Body } from '../../../src/modules/storage/bandwidth.js';
import { FakeClock } from './fake-clock.js';

const MIB = 1024 ** 2;
const read = (body: Body): Promise<Buffer> => buffer(body as Readable);

describe('a bandwidth', () => {
  it('hands bytes over as they are when it has no limit', async () => {
    const bytes = Buffer.alloc(10);
    expect(await new Bandwidth(0, new FakeClock()).send(bytes, async (body) => body === bytes)).toBe(true);
  });

  it.each([8_192, 125_000, 10 * MIB])('lets the bytes out at %d a second, in small pieces', async (bytesPerSec) => {
    const clock = new FakeClock();
    const line = new Bandwidth(bytesPerSec, clock);
    const bytes = Buffer.alloc(3 * bytesPerSec, 'bytes that differ from their neighbours');
    const startMs = clock.nowMs();
    const sent = await line.send(bytes, read);
    expect(sent.equals(bytes)).toBe(true);
    expect(clock.nowMs() - startMs).toBeGreaterThan(2_900);
    expect(clock.nowMs() - startMs).toBeLessThan(3_100);
    expect(Math.max(...clock.sleeps)).toBeLessThanOrEqual(110);
  });

  const several = [300_000, 1, 70_000].map((size, i) => Buffer.alloc(size, i + 1));

  it.each([
    ['as fast as they go when it has no limit', 0, 0],
    ['at its own speed, in small pieces', 100_000, 3_700],
  ])('lets bytes that come one after the other out %s', async (_, bytesPerSec, tookMs) => {
    const clock = new FakeClock();
    const startMs = clock.nowMs();
    const sent = await new Bandwidth(bytesPerSec, clock).sendPieces(several, read);
    expect(sent.equals(Buffer.concat(several))).toBe(true);
    expect(Math.abs(clock.nowMs() - startMs - tookMs)).toBeLessThanOrEqual(100);
    expect(Math.max(0, ...clock.sleeps)).toBeLessThanOrEqual(110);
  });

  it.each([0, 1_000])(
    'asks for no more of them than may go, and for none when it is over: %d a second',
    async (rate) => {
      let asked = 0;
      let ended = false;
      const endless = (function* () {
        try {
          for (; ; asked++) yield Buffer.alloc(1_000_000);
        } finally {
          ended = true;
        }
      })();
      const refused = new Bandwidth(rate, new FakeClock()).sendPieces(endless, async (body) => {
        await once(body, 'readable');
        throw new Error('refused');
      });
      await expect(refused).rejects.toThrow('refused');
      while (!ended) await new Promise(setImmediate);
      expect(asked).toBeLessThan(3);
    },
  );

  it.each([0, 1_000])('fails when they do: %d a second', async (rate) => {
    const failing = (async function* () {
      yield Buffer.alloc(10);
      throw new Error('the disk failed');
    })();
    const line = new Bandwidth(rate, new FakeClock());
    await expect(line.sendPieces(failing, read)).rejects.toThrow('the disk failed');
  });

  it('is one for all that send at the same time, and fair between them', async () => {
    const clock = new FakeClock();
    const line = new Bandwidth(1_000, clock);
    const ends: number[] = [];
    const startMs = clock.nowMs();
    const send = (size: number) =>
      line.send(Buffer.alloc(size), async (body) => {
        await read(body);
        ends.push(size);
      });
    await Promise.all([send(3_000), send(1_000), send(2_000)]);
    expect(ends).toEqual([1_000, 2_000, 3_000]);
    expect(clock.nowMs() - startMs).toBeGreaterThan(5_900);
    expect(clock.nowMs() - startMs).toBeLessThan(6_100);
  });

  it('makes up for a timer that came late, but not for time in which nobody sent', async () => {
    const clock = new FakeClock();
    const line = new Bandwidth(1_000, clock);
    await line.send(Buffer.alloc(1_000), read);
    clock.pass(3_600_000);
    const startMs = clock.nowMs();
    await line.send(Buffer.alloc(1_000), read);
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(900);
    const late = new (class extends FakeClock {
      override async sleep(ms: number): Promise<void> {
        await super.sleep(ms + 10);
      }
    })();
    const fromMs = late.nowMs();
    await new Bandwidth(1_000, late).send(Buffer.alloc(10_000), read);
    expect(late.nowMs() - fromMs).toBeLessThan(10_200);
  });

  it('does not stand still when the clock is put back', async () => {
    const clock = new FakeClock();
    const line = new Bandwidth(1_000, clock);
    await line.send(Buffer.alloc(1_000), read);
    clock.pass(-3_600_000);
    const startMs = clock.nowMs();
    await line.send(Buffer.alloc(1_000), read);
    expect(clock.nowMs() - startMs).toBeLessThan(1_200);
  });

  it('ends the stream with the attempt that it was for', async () => {
    const line = new Bandwidth(1_000, new FakeClock());
    let seen: Body | undefined;
    const failing = line.send(Buffer.alloc(5_000), (body) => {
      seen = body;
      return Promise.reject(new Error('refused'));
    });
    await expect(failing).rejects.toThrow('refused');
    expect((seen as Readable).destroyed).toBe(true);
    expect(await line.send(Buffer.alloc(10), read)).toHaveLength(10);
  });
});
