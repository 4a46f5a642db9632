import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '../../src/modules/storage/object-store.port.js';
import type { StoreUnderTest } from './object-store.contract.js';

const MIB = 1024 ** 2;
const VIDEO = { contentType: 'video/mp4' };

/** What every adapter must do with files. */
export function describeFileObjects(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store of files`, () => {
    let subject: StoreUnderTest;
    let store: ObjectStore;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hindsight-files-'));
      subject = await setUp();
      store = subject.store;
    });

    afterAll(async () => {
      await subject.dispose();
      await rm(folder, { recursive: true });
    });

    const newKey = (): string => `footage/${randomUUID()}/1-60000.mp4`;
    const read = async (key: string): Promise<Buffer> => buffer(await store.openRead(key));
    const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
    const fileOf = async (bytes: Buffer): Promise<string> => {
      const path = join(folder, randomUUID());
      await writeFile(path, bytes);
      return path;
    };

    it('stores a file with its size, its type and its MD5, and gives its bytes back', async () => {
      const bytes = randomBytes(700_001);
      const key = newKey();
      const put = await store.putFile(key, await fileOf(bytes), { ...VIDEO, sizeBytes: bytes.length });
      expect(put).toEqual({ sizeBytes: 700_001, etag: `"${md5Of(bytes)}"` });
      expect(await store.head(key)).toEqual({ ...put, ...VIDEO, sha256Hex: null, lastModified: expect.any(Date) });
      expect((await read(key)).equals(bytes)).toBe(true);
      const part = await buffer(await store.openRead(key, { start: 262_100, end: 262_200 }));
      expect(part.equals(bytes.subarray(262_100, 262_201))).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('takes the digest from a caller that knows it, however it is written', async () => {
      const bytes = randomBytes(1_000);
      const [one, two] = [newKey(), newKey()];
      const path = await fileOf(bytes);
      const md5Hex = md5Of(bytes);
      const small = await store.putFile(one, path, { ...VIDEO, sizeBytes: 1_000, md5Hex });
      const large = await store.putFile(two, path, { ...VIDEO, sizeBytes: 1_000, md5Hex: md5Hex.toUpperCase() });
      expect([small.etag, large.etag]).toEqual([`"${md5Hex}"`, `"${md5Hex}"`]);
      expect((await store.head(two))?.etag).toBe(large.etag);
    });

    it('stores an empty file', async () => {
      const key = newKey();
      const put = await store.putFile(key, await fileOf(Buffer.alloc(0)), { ...VIDEO, sizeBytes: 0 });
      expect(await store.head(key)).toMatchObject({ ...put, sizeBytes: 0, etag: `"${md5Of(Buffer.alloc(0))}"` });
      expect(await read(key)).toHaveLength(0);
    });

    it('keeps the object when the file goes, or another takes its place', async () => {
      const bytes = randomBytes(5_000);
      const key = newKey();
      const path = await fileOf(bytes);
      const put = await store.putFile(key, path, { ...VIDEO, sizeBytes: 5_000 });
      await unlink(path);
      await writeFile(path, 'another file');
      expect((await read(key)).equals(bytes)).toBe(true);
      expect(await store.head(key)).toMatchObject({ ...put, ...VIDEO });
    });

    it('replaces an object as a whole, of memory or of a file, also by the same file', async () => {
      const [first, second] = [randomBytes(9_000), randomBytes(200)];
      const key = newKey();
      await store.putBytes(key, randomBytes(300), { contentType: 'text/plain' });
      const path = await fileOf(first);
      const options = { ...VIDEO, sizeBytes: first.length };
      expect(await store.putFile(key, path, options)).toEqual(await store.putFile(key, path, options));
      expect(await store.head(key)).toMatchObject({ ...VIDEO, sizeBytes: 9_000, sha256Hex: null });
      expect((await read(key)).equals(first)).toBe(true);
      const put = await store.putFile(key, await fileOf(second), { contentType: 'image/jpeg', sizeBytes: 200 });
      expect(await store.head(key)).toMatchObject({ ...put, contentType: 'image/jpeg' });
      expect((await read(key)).equals(second)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('refuses what is no file of that size, and leaves the old object alone', async () => {
      const key = newKey();
      const old = await store.putBytes(key, randomBytes(10), VIDEO);
      const path = await fileOf(randomBytes(500));
      const refused = { code: 'STORAGE.REJECTED', retryable: false };
      for (const md5Hex of [undefined, md5Of(Buffer.alloc(0))]) {
        for (const [from, sizeBytes] of [
          [path, 499],
          [path, 501],
          [path, 0],
          [join(folder, 'missing'), 500],
          [join(path, 'below-a-file'), 500],
          [folder, 500],
        ] as const) {
          await expect(store.putFile(key, from, { ...VIDEO, sizeBytes, md5Hex })).rejects.toMatchObject(refused);
        }
      }
      expect(await store.head(key)).toMatchObject(old);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('does nothing when it is cancelled before it starts', async () => {
      const key = newKey();
      const options = { ...VIDEO, sizeBytes: 10, signal: AbortSignal.abort() };
      const put = store.putFile(key, await fileOf(randomBytes(10)), options);
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      expect(await store.head(key)).toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it.each([0, 1, 3, 10, 40])(
      'leaves the old object or the new one when it is cancelled after %d ticks',
      async (ticks) => {
        const [older, newer] = [randomBytes(1_000), randomBytes(4 * MIB)];
        const key = newKey();
        await store.putBytes(key, older, VIDEO);
        const stop = new AbortController();
        const path = await fileOf(newer);
        const put = store.putFile(key, path, { ...VIDEO, sizeBytes: newer.length, signal: stop.signal });
        const ended = put.then(
          () => 'stored',
          (error: { code: string }) => error.code,
        );
        for (let tick = 0; tick < ticks; tick++) await nextTick();
        stop.abort();
        const outcome = await ended;
        expect(['stored', 'STORAGE.CANCELLED']).toContain(outcome);
        const now = await read(key);
        const allowed = outcome === 'stored' ? [newer] : [older, newer];
        expect(allowed.some((bytes) => bytes.equals(now))).toBe(true);
        expect(await subject.leftovers()).toEqual([]);
      },
    );

    it('never shows a part of an object', async () => {
      const bytes = randomBytes(12 * MIB);
      const key = newKey();
      const path = await fileOf(bytes);
      let done = false;
      const put = store.putFile(key, path, { ...VIDEO, sizeBytes: bytes.length }).finally(() => (done = true));
      const seen = new Set<number | undefined>();
      while (!done) {
        seen.add((await store.head(key))?.sizeBytes);
        await nextTick();
      }
      await put;
      expect([...seen].filter((size) => size !== undefined && size !== bytes.length)).toEqual([]);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('stores different files side by side', async () => {
      const objects = [3, 6 * MIB, 50_000, 0, 262_144].map((size) => ({ key: newKey(), bytes: randomBytes(size) }));
      await Promise.all(
        objects.map(async ({ key, bytes }) =>
          store.putFile(key, await fileOf(bytes), { ...VIDEO, sizeBytes: bytes.length }),
        ),
      );
      for (const { key, bytes } of objects) expect((await read(key)).equals(bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });
  });
}
