import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { videoKey } from '../../src/modules/storage/domain/object-key.js';
import type { ObjectStore, PartsTarget, StoredPart } from '../../src/modules/storage/object-store.port.js';
import type { StoreUnderTest } from './object-store.contract.js';

/** A store with a limit of its own has it lowered to this. */
export const PART_BYTES = 65_536;
const OPTIONS = { contentType: 'video/mp4', partSizeBytes: PART_BYTES };

/** What every adapter must do with objects that come in parts. */
export function describePartUploads(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store of parts`, () => {
    let subject: StoreUnderTest;
    let store: ObjectStore;
    const bytes = randomBytes(2 * PART_BYTES + 1_234);
    const partOf = (number: number): Buffer => bytes.subarray((number - 1) * PART_BYTES, number * PART_BYTES);

    beforeAll(async () => {
      subject = await setUp();
      store = subject.store;
    });

    afterAll(() => subject.dispose());

    const newKey = (): string => videoKey(randomUUID());
    const read = async (key: string): Promise<Buffer> => buffer(await store.openRead(key));

    const putParts = async (target: PartsTarget, ...numbers: number[]): Promise<StoredPart[]> => {
      const parts = await Promise.all(numbers.map((number) => store.putPart(target, number, partOf(number))));
      return parts.sort((a, b) => a.number - b.number);
    };

    it('makes an object of parts that came in any order, and shows nothing of it before', async () => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      expect(target).toMatchObject({ key, partSizeBytes: PART_BYTES });
      const parts = [...(await putParts(target, 2)), ...(await putParts(target, 3)), ...(await putParts(target, 1))];
      expect(await store.head(key)).toBeNull();
      await expect(store.openRead(key)).rejects.toMatchObject({ code: 'STORAGE.NOT_FOUND' });
      const sorted = parts.sort((a, b) => a.number - b.number);
      const info = await store.completeParts(target, sorted);
      expect(info).toMatchObject({ sizeBytes: bytes.length, contentType: 'video/mp4', sha256Hex: null });
      expect(await store.head(key)).toEqual(info);
      expect((await read(key)).equals(bytes)).toBe(true);
      const tail = await buffer(await store.openRead(key, { start: PART_BYTES - 1, end: PART_BYTES }));
      expect(tail.equals(bytes.subarray(PART_BYTES - 1, PART_BYTES + 1))).toBe(true);
      expect(await store.listParts(target)).toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it('takes a part again in place of the one it has', async () => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      const [old] = await Promise.all([store.putPart(target, 1, randomBytes(PART_BYTES)), putParts(target, 2)]);
      const now = await store.putPart(target, 1, partOf(1));
      expect(now.etag).not.toBe(old.etag);
      const last = await store.putPart(target, 3, randomBytes(PART_BYTES));
      const shorter = await store.putPart(target, 3, partOf(3));
      const parts = (await store.listParts(target)) ?? [];
      expect(parts.map(({ etag }) => etag)).toEqual([now.etag, expect.any(String), shorter.etag]);
      const stale = [now, ...parts.slice(1, 2), last].map((part) => ({ ...part, sizeBytes: PART_BYTES }));
      await expect(store.completeParts(target, stale)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
      expect(await store.head(key)).toBeNull();
      await store.completeParts(target, parts);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('goes on with an upload that another process began', async () => {
      const key = newKey();
      const begun = await store.beginParts(key, OPTIONS);
      await putParts(begun, 2);
      const other = await subject.another();
      const target = JSON.parse(JSON.stringify(begun)) as PartsTarget;
      const found = await other.listParts(target);
      expect(found).toEqual([{ number: 2, sizeBytes: PART_BYTES, etag: expect.stringMatching(/^"[^"]+"$/) }]);
      await other.putPart(target, 3, partOf(3));
      await other.putPart(target, 1, partOf(1));
      await other.completeParts(target, (await other.listParts(target)) ?? []);
      expect((await read(key)).equals(bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('lists more parts than a page holds', async () => {
      const target = await store.beginParts(newKey(), OPTIONS);
      for (let number = 1; number <= 40; number += 8) {
        const few = Array.from({ length: 8 }, (_, i) => number + i);
        await Promise.all(few.map((each) => store.putPart(target, each, Buffer.alloc(each, each))));
      }
      const parts = await store.listParts(target);
      expect(parts?.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual(
        Array.from({ length: 40 }, (_, i) => [i + 1, i + 1]),
      );
      await store.abortParts(target);
    });

    it('completes once, however often it is told to', async () => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      const parts = await putParts(target, 1, 2, 3);
      const info = await store.completeParts(target, parts);
      expect(await store.completeParts(target, parts)).toEqual(info);
      const other = await subject.another();
      expect(await other.completeParts(target, parts)).toEqual(info);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('completes in place of an older object, and is not taken in by one of the same bytes', async () => {
      const key = newKey();
      const first = await store.beginParts(key, OPTIONS);
      await store.completeParts(first, await putParts(first, 1, 2, 3));
      const second = await store.beginParts(key, OPTIONS);
      const parts = await putParts(second, 1, 2, 3);
      await store.abortParts(second);
      await expect(store.completeParts(second, parts)).rejects.toMatchObject({ code: 'STORAGE.UPLOAD_GONE' });
      const third = await store.beginParts(key, { contentType: 'text/plain', partSizeBytes: PART_BYTES });
      const info = await store.completeParts(third, [await store.putPart(third, 1, partOf(3))]);
      expect(info).toMatchObject({ sizeBytes: partOf(3).length, contentType: 'text/plain' });
      expect((await read(key)).equals(partOf(3))).toBe(true);
    });

    it.each<[string, (parts: StoredPart[]) => StoredPart[]]>([
      ['none', () => []],
      ['a missing first one', (parts) => parts.slice(1)],
      ['a hole', (parts) => parts.filter(({ number }) => number !== 2)],
      ['another order', (parts) => [...parts].reverse()],
      [
        'a short one in the middle',
        (parts) => parts.map((part) => ({ ...part, sizeBytes: Math.min(part.sizeBytes, 99) })),
      ],
    ])('refuses to make an object of a list of parts with %s', async (_, change) => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      const parts = await putParts(target, 1, 2, 3);
      const refused = store.completeParts(target, change(parts));
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE.REJECTED', retryable: false });
      expect(await store.head(key)).toBeNull();
      await store.completeParts(target, parts);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('refuses a list that leaves parts out', async () => {
      const target = await store.beginParts(newKey(), OPTIONS);
      const parts = await putParts(target, 1, 2, 3);
      const refused = store.completeParts(target, parts.slice(0, 2));
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
      await store.abortParts(target);
    });

    it('refuses parts that can be none of the object', async () => {
      const target = await store.beginParts(newKey(), OPTIONS);
      const refused = { code: 'STORAGE.REJECTED', retryable: false };
      for (const number of [0, -1, 1.5, 10_001]) {
        await expect(store.putPart(target, number, Buffer.alloc(9))).rejects.toMatchObject(refused);
      }
      for (const size of [0, PART_BYTES + 1]) {
        await expect(store.putPart(target, 2, Buffer.alloc(size))).rejects.toMatchObject(refused);
      }
      expect(await store.listParts(target)).toEqual([]);
      await store.abortParts(target);
    });

    it('throws parts away, once or twice, and says that they are gone', async () => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      const parts = await putParts(target, 1, 3);
      await store.abortParts({ key, uploadId: target.uploadId });
      await store.abortParts(target);
      const gone = { code: 'STORAGE.UPLOAD_GONE' };
      expect(await store.listParts(target)).toBeNull();
      await expect(store.putPart(target, 2, partOf(2))).rejects.toMatchObject(gone);
      await expect(store.completeParts(target, parts.slice(0, 1))).rejects.toMatchObject(gone);
      expect(await store.head(key)).toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it('knows no upload by an id that is none, nor under another key', async () => {
      const target = await store.beginParts(newKey(), OPTIONS);
      for (const stranger of [
        { ...target, uploadId: '../../etc/passwd' },
        { ...target, uploadId: randomUUID() },
        { ...target, key: newKey() },
      ]) {
        expect(await store.listParts(stranger)).toBeNull();
        await expect(store.putPart(stranger, 1, partOf(1))).rejects.toMatchObject({ code: 'STORAGE.UPLOAD_GONE' });
        await store.abortParts(stranger);
      }
      expect(await store.listParts(target)).toEqual([]);
      await store.abortParts(target);
    });

    it('lists more uploads than a page holds, several of one key too', async () => {
      const prefix = `playbacks/${randomUUID()}/`;
      const keys = Array.from({ length: 18 }, (_, i) => `${prefix}${Math.floor(i / 9)}.mp4`);
      const targets = await Promise.all(keys.map((key) => store.beginParts(key, OPTIONS)));
      const found = (await store.listUploads(prefix)).map(({ uploadId }) => uploadId);
      expect(found.sort()).toEqual(targets.map(({ uploadId }) => uploadId).sort());
      for (const key of new Set(keys)) await store.delete(key);
      expect(await store.listUploads(prefix)).toEqual([]);
    });

    it('lists the uploads that are open, and deletes them with their key', async () => {
      const prefix = `playbacks/${randomUUID()}/`;
      const startedMs = Date.now();
      const [one, two] = [`${prefix}one.mp4`, `${prefix}two.mp4`];
      const targets = [await store.beginParts(one, OPTIONS), await store.beginParts(two, OPTIONS)];
      const open = await store.listUploads(prefix);
      const idsOf = (uploads: { key: string; uploadId: string }[]): string[][] =>
        uploads.map(({ key, uploadId }) => [key, uploadId]).sort();
      expect(idsOf(open)).toEqual(idsOf(targets));
      for (const { startedAt } of open) expect(Math.abs(startedAt.getTime() - startedMs)).toBeLessThan(10_000);
      expect(await store.listUploads(`${prefix}nothing`)).toEqual([]);
      await store.delete(one);
      expect((await store.listUploads(prefix)).map(({ key }) => key)).toEqual([two]);
      await store.delete(two);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('does nothing for a caller that has given up', async () => {
      const key = newKey();
      const target = await store.beginParts(key, OPTIONS);
      const parts = await putParts(target, 1, 2, 3);
      const signal = AbortSignal.abort();
      const cancelled = { code: 'STORAGE.CANCELLED' };
      await expect(store.putPart(target, 1, randomBytes(9), signal)).rejects.toMatchObject(cancelled);
      await expect(store.completeParts(target, parts, signal)).rejects.toMatchObject(cancelled);
      await expect(store.beginParts(newKey(), { ...OPTIONS, signal })).rejects.toMatchObject(cancelled);
      expect(await store.head(key)).toBeNull();
      expect(await store.listParts(target)).toEqual(parts);
      await store.abortParts(target);
      expect(await subject.leftovers()).toEqual([]);
    });
  });
}
