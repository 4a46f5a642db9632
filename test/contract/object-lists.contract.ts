import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ListOptions, ObjectStore } from '../../src/modules/storage/object-store.port.js';
import type { StoreUnderTest } from './object-store.contract.js';

const VIDEO = { contentType: 'video/mp4' };

/** Names of folders and files that sort otherwise by themselves than in a key: `-` and `.` are before `/`, digits and letters behind it. */
const NAMES = ['a', 'A', '0', 'a-', 'a.', 'a_', 'ab', 'aa', 'a-b', 'a.b', 'a0', 'Z', '9', 'a--', 'z.mp4'];

const keysOf = fc
  .uniqueArray(
    fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
    { minLength: 1, maxLength: 12 },
  )
  // No key is the folder of another.
  .map((keys) => keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`))));

/** A text that lies somewhere among the keys: one of them, cut off anywhere, with or without something behind it. */
const placeOf = fc.record({ which: fc.nat(), length: fc.nat(), tail: fc.constantFrom('', '', '-', '/', '0', 'é') });

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What every adapter must do with many objects at once. */
export function describeObjectLists(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store of many objects`, () => {
    let subject: StoreUnderTest;
    let store: ObjectStore;

    beforeAll(async () => {
      subject = await setUp();
      store = subject.store;
    });

    afterAll(() => subject.dispose());

    const newFolder = (): string => `footage/${randomUUID()}/`;

    const putAll = async (keys: readonly string[]): Promise<void> => {
      await Promise.all(keys.map((key) => store.putBytes(key, Buffer.from(key), VIDEO)));
    };

    const keysIn = async (prefix: string, options?: ListOptions): Promise<string[]> =>
      (await store.list(prefix, options)).objects.map(({ key }) => key);

    it('lists each key with a prefix once, in the order of its bytes, from anywhere on and in pages of any size', async () => {
      const property = async (
        names: string[],
        from: { which: number; length: number; tail: string },
        behind: { which: number; length: number; tail: string } | null,
        limit: number,
      ): Promise<void> => {
        const folder = newFolder();
        const keys = names.map((each) => `${folder}${each}`);
        const place = ({ which, length, tail }: typeof from): string => {
          const name = names[which % names.length] ?? '';
          return `${folder}${name.slice(0, length % (name.length + 1))}${tail}`;
        };
        await putAll(keys);
        const [prefix, after] = [place({ ...from, tail: '' }), behind ? place(behind) : undefined];
        const all = keys.filter((key) => key.startsWith(prefix)).sort(byBytes);
        const rest = all.filter((key) => after === undefined || byBytes(key, after) > 0);
        const page = await store.list(prefix, { after, limit });
        expect(page.objects.map(({ key }) => key)).toEqual(rest.slice(0, limit));
        expect(page.objects.map(({ sizeBytes }) => sizeBytes)).toEqual(rest.slice(0, limit).map((key) => key.length));
        expect(page.more).toBe(rest.length > limit);
        const seen: string[] = [];
        for (let more = true; more;) {
          const next = await store.list(prefix, { after: seen.at(-1), limit });
          seen.push(...next.objects.map(({ key }) => key));
          more = next.more;
        }
        expect(seen).toEqual(all);
      };
      const limits = fc.integer({ min: 1, max: 9 });
      const places = fc.option(placeOf);
      await fc.assert(fc.asyncProperty(keysOf, placeOf, places, limits, property), { numRuns: 25 });
    });

    it('lists all of more objects than one answer holds, with when they were stored', async () => {
      const folder = newFolder();
      const keys = Array.from({ length: 23 }, (_, i) => `${folder}${String(i).padStart(3, '0')}`);
      const beforeMs = Date.now();
      await putAll(keys);
      const { objects, more } = await store.list(folder);
      expect([objects.map(({ key }) => key), more]).toEqual([keys, false]);
      for (const { lastModified } of objects) {
        expect(Math.abs(lastModified.getTime() - beforeMs)).toBeLessThan(10_000);
      }
      expect((await store.list(folder, { limit: 22 })).more).toBe(true);
      expect(await keysIn('', { after: folder, limit: 3 })).toEqual(keys.slice(0, 3));
    });

    it('takes a limit below one for one, and one above a thousand for a thousand', async () => {
      const folder = newFolder();
      await putAll([`${folder}a`, `${folder}b`]);
      for (const limit of [0, -5]) expect(await keysIn(folder, { limit })).toEqual([`${folder}a`]);
      expect(await keysIn(folder, { limit: 5_000 })).toHaveLength(2);
    });

    it.each(['/', '../', 'footage//', 'footage/../', './', '.tmp/', '.uploads/', 'no/such/folder/', 'é'])(
      'lists nothing where no key can begin: %j',
      async (prefix) => {
        await putAll([`${newFolder()}a`]);
        expect(await store.list(prefix)).toEqual({ objects: [], more: false });
      },
    );

    it('lists neither what is not an object yet nor what is none any more', async () => {
      const folder = newFolder();
      const target = await store.beginParts(`${folder}begun`, { ...VIDEO, partSizeBytes: 65_536 });
      await store.putPart(target, 1, Buffer.alloc(10));
      await putAll([`${folder}kept`, `${folder}gone`]);
      await store.delete(`${folder}gone`);
      expect(await keysIn(folder)).toEqual([`${folder}kept`]);
      expect(await keysIn('')).not.toContain(`${folder}begun`);
      await store.abortParts(target);
    });

    it('deletes a thousand objects at once, those that are not there too, and no others', async () => {
      const folder = newFolder();
      const keys = Array.from({ length: 1_000 }, (_, i) => `${folder}${i % 7}/${i}.mp4`);
      const real = keys.filter((_, i) => i % 25 === 3);
      const neighbours = [`${folder}0/1.mp4.bak`, `${folder}0/1`, `${folder}8`];
      await putAll([...real, ...neighbours]);
      expect(await store.deleteMany(keys)).toEqual([]);
      expect(await keysIn(folder)).toEqual([...neighbours].sort(byBytes));
      for (const key of real.slice(0, 3)) expect(await store.head(key)).toBeNull();
      expect(await store.deleteMany(neighbours)).toEqual([]);
      expect(await store.list(folder)).toEqual({ objects: [], more: false });
      expect(await subject.leftovers()).toEqual([]);
    });

    it('deletes what was stored a moment ago, and a key that is named twice', async () => {
      const key = `${newFolder()}new`;
      await store.putBytes(key, Buffer.alloc(1), VIDEO);
      expect(await store.deleteMany([key, key])).toEqual([]);
      expect(await store.head(key)).toBeNull();
    });

    it('deletes nothing below an object', async () => {
      const key = `${newFolder()}object`;
      await store.putBytes(key, Buffer.alloc(1), VIDEO);
      expect(await store.deleteMany([`${key}/below`, `${key}/further/below`])).toEqual([]);
      expect(await store.head(key)).not.toBeNull();
    });

    it('leaves unfinished uploads of the keys that it deletes alone', async () => {
      const key = `${newFolder()}both`;
      const { uploadId } = await store.beginParts(key, { ...VIDEO, partSizeBytes: 65_536 });
      await store.deleteMany([key]);
      expect((await store.listUploads(key)).map((upload) => upload.uploadId)).toEqual([uploadId]);
      await store.abortParts({ key, uploadId });
    });

    it('deletes nothing when it is asked for none, for too many or for what is no key', async () => {
      const key = `${newFolder()}kept`;
      await putAll([key]);
      await expect(store.deleteMany([])).rejects.toMatchObject({ code: 'STORAGE.REJECTED', retryable: false });
      const many = Array<string>(1_001).fill(key);
      await expect(store.deleteMany(many)).rejects.toMatchObject({ code: 'STORAGE.REJECTED', retryable: false });
      await expect(store.deleteMany([key, '../key'])).rejects.toMatchObject({ code: 'STORAGE.BAD_KEY' });
      expect(await store.head(key)).not.toBeNull();
    });
  });
}
