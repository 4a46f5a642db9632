import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ObjectStore, PartsTarget } from '../../src/modules/storage/object-store.port.js';
import type { StoreUnderTest } from './object-store.contract.js';
import { PART_BYTES } from './part-uploads.contract.js';

const OPTIONS = { contentType: 'video/mp4', partSizeBytes: PART_BYTES };

/** What every adapter must do with parts that come out of other objects. */
export function describePartCopies(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store that copies parts`, () => {
    let subject: StoreUnderTest;
    let store: ObjectStore;
    const source = `footage/${randomUUID()}/source.mp4`;
    const bytes = randomBytes(3 * PART_BYTES + 777);
    const end = bytes.length - 1;

    beforeAll(async () => {
      subject = await setUp();
      store = subject.store;
      await store.putBytes(source, bytes, OPTIONS);
    });

    afterAll(() => subject.dispose());

    const newTarget = (): Promise<PartsTarget> => store.beginParts(`playbacks/${randomUUID()}/video.mp4`, OPTIONS);
    const copy = (target: PartsTarget, number: number, first: number, last: number, key = source) =>
      store.copyPart(target, number, { key, range: { start: first, end: last } });

    it('makes an object of copies of any ranges, beside parts that were sent', async () => {
      const target = await newTarget();
      const sent = randomBytes(PART_BYTES);
      const ranges: [number, number, number][] = [
        [1, 0, PART_BYTES - 1],
        [2, 1, PART_BYTES],
        [4, PART_BYTES + 13, 2 * PART_BYTES + 12],
        [5, end - PART_BYTES + 1, end],
        [6, end - 4_999, end],
      ];
      const copies = await Promise.all(ranges.map(([number, first, last]) => copy(target, number, first, last)));
      const parts = [...copies, await store.putPart(target, 3, sent)].sort((a, b) => a.number - b.number);
      expect(copies.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual(
        ranges.map(([number, first, last]) => [number, last - first + 1]),
      );
      expect(await store.listParts(target)).toEqual(parts);
      const info = await store.completeParts(target, parts);
      const [one, two, four, five, six] = ranges.map(([, first, last]) => bytes.subarray(first, last + 1));
      const whole = Buffer.concat([one!, two!, sent, four!, five!, six!]);
      expect(info.sizeBytes).toBe(whole.length);
      expect((await buffer(await store.openRead(target.key))).equals(whole)).toBe(true);
      expect((await buffer(await store.openRead(source))).equals(bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('copies single bytes, and a part again in place of the one it has', async () => {
      const target = await newTarget();
      for (const at of [0, 1, PART_BYTES, end]) {
        const part = await copy(target, 1, at, at);
        expect(await store.listParts(target)).toEqual([part]);
      }
      await store.putPart(target, 1, Buffer.from('sent'));
      const last = await copy(target, 1, 5, 9);
      await store.completeParts(target, [last]);
      expect((await buffer(await store.openRead(target.key))).equals(bytes.subarray(5, 10))).toBe(true);
    });

    it('copies out of an object that came in parts itself, in another process', async () => {
      const first = await newTarget();
      const parts = [await copy(first, 1, 0, PART_BYTES - 1), await copy(first, 2, 7, 99)];
      await store.completeParts(first, parts);
      const second = await newTarget();
      const range = { start: PART_BYTES - 10, end: PART_BYTES + 9 };
      const part = await (await subject.another()).copyPart(second, 1, { key: first.key, range });
      await store.completeParts(second, [part]);
      const wanted = Buffer.concat([bytes.subarray(PART_BYTES - 10, PART_BYTES), bytes.subarray(7, 17)]);
      expect((await buffer(await store.openRead(second.key))).equals(wanted)).toBe(true);
    });

    it('says that there is no such source, or not all of the range in it, and stores nothing', async () => {
      const target = await newTarget();
      const missing = `footage/${randomUUID()}/missing.mp4`;
      await expect(copy(target, 1, 0, 9, missing)).rejects.toMatchObject({
        code: 'STORAGE.NOT_FOUND',
        message: expect.stringContaining(missing),
      });
      for (const [first, last] of [
        [end - 5, end + 1],
        [end + 1, end + 10],
        [-1, 5],
      ] as const) {
        await expect(copy(target, 1, first, last)).rejects.toMatchObject({ code: 'STORAGE.BAD_RANGE' });
      }
      expect(await store.listParts(target)).toEqual([]);
      await store.abortParts(target);
    });

    it('refuses copies that can be no part of the object', async () => {
      const target = await newTarget();
      const refused = { code: 'STORAGE.REJECTED', retryable: false };
      for (const number of [0, -1, 1.5, 10_001])
        await expect(copy(target, number, 0, 9)).rejects.toMatchObject(refused);
      await expect(copy(target, 1, 0, PART_BYTES)).rejects.toMatchObject(refused);
      await expect(copy(target, 1, 5, 4)).rejects.toMatchObject(refused);
      const parts = [await copy(target, 1, 0, 99), await copy(target, 2, 0, PART_BYTES - 1)];
      await expect(store.completeParts(target, parts)).rejects.toMatchObject(refused);
      await expect(copy(target, 1, 0, 9, '../source')).rejects.toMatchObject({ code: 'STORAGE.BAD_KEY' });
      await expect(copy({ ...target, key: '../key' }, 1, 0, 9)).rejects.toMatchObject({ code: 'STORAGE.BAD_KEY' });
      await store.abortParts(target);
    });

    it('says that the upload is gone', async () => {
      const target = await newTarget();
      await store.abortParts(target);
      await expect(copy(target, 1, 0, 9)).rejects.toMatchObject({ code: 'STORAGE.UPLOAD_GONE', retryable: true });
    });

    it('does nothing for a caller that has given up', async () => {
      const target = await newTarget();
      const wanted = { key: source, range: { start: 0, end: 9 } };
      const cancelled = store.copyPart(target, 1, wanted, AbortSignal.abort());
      await expect(cancelled).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      expect(await store.listParts(target)).toEqual([]);
      await store.abortParts(target);
    });
  });
}
