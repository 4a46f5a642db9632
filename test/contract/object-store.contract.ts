import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { videoKey } from '../../src/modules/storage/domain/object-key.js';
import type { ObjectStore } from '../../src/modules/storage/object-store.port.js';

const MIB = 1024 ** 2;
const VIDEO = { contentType: 'video/mp4' };

export interface StoreUnderTest {
  store: ObjectStore;
  /** The same store, as another process has it. */
  another(): Promise<ObjectStore>;
  /** Everything in the store that is not a whole object: temporary files, unfinished uploads. */
  leftovers(): Promise<string[]>;
  dispose(): Promise<void>;
}

const BAD_KEYS = [
  '',
  '/',
  '/leading',
  'trailing/',
  'a//b',
  '..',
  'playbacks/../../etc/passwd',
  'a/./b',
  '.hidden',
  'a/.tmp',
  '.uploads/a',
  'a\\b',
  'with space',
  'nul\0byte',
  'new\nline',
  'ümlaut',
  'a%2f..',
  'x'.repeat(201),
  Array(300).fill('long').join('/'),
];

/** What every adapter of the port must do. */
export function describeObjectStore(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an ObjectStore`, () => {
    let subject: StoreUnderTest;
    let store: ObjectStore;

    beforeAll(async () => {
      subject = await setUp();
      store = subject.store;
    });

    afterAll(() => subject.dispose());

    const read = async (key: string): Promise<Buffer> => buffer(await store.openRead(key));
    const newKey = (): string => videoKey(randomUUID());
    const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

    it('stores bytes with their size, type and SHA-256, and gives them back', async () => {
      const bytes = randomBytes(100_003);
      const key = newKey();
      const beforeMs = Date.now();
      const put = await store.putBytes(key, bytes, VIDEO);
      const head = await store.head(key);
      expect(head).toEqual({
        ...put,
        contentType: 'video/mp4',
        sha256Hex: sha256Of(bytes),
        lastModified: expect.any(Date),
      });
      expect(put.sizeBytes).toBe(100_003);
      expect(put.etag).toMatch(/^"[^"]+"$/);
      expect(Math.abs((head?.lastModified.getTime() ?? 0) - beforeMs)).toBeLessThan(10_000);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('stores no bytes at all', async () => {
      const key = newKey();
      await store.putBytes(key, Buffer.alloc(0), VIDEO);
      expect(await store.head(key)).toMatchObject({ sizeBytes: 0, sha256Hex: sha256Of(Buffer.alloc(0)) });
      expect(await read(key)).toHaveLength(0);
      await expect(store.openRead(key, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'STORAGE.BAD_RANGE' });
    });

    it('reads ranges with both ends inclusive', async () => {
      const bytes = randomBytes(1_000);
      const key = newKey();
      await store.putBytes(key, bytes, VIDEO);
      const ranges: [number, number][] = [
        [0, 0],
        [0, 999],
        [1, 1],
        [10, 499],
        [999, 999],
        [990, 5_000],
      ];
      for (const [start, end] of ranges) {
        const part = await buffer(await store.openRead(key, { start, end }));
        expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
      }
      for (const start of [1_000, 5_000]) {
        const refused = store.openRead(key, { start, end: 9_999 });
        await expect(refused).rejects.toMatchObject({ code: 'STORAGE.BAD_RANGE', kind: 'range_not_satisfiable' });
      }
    });

    it('lets a reader stop early', async () => {
      const key = newKey();
      await store.putBytes(key, randomBytes(3 * MIB), VIDEO);
      const unread = await store.openRead(key);
      const begun = await store.openRead(key);
      await once(begun, 'data');
      for (const stream of [unread, begun]) {
        stream.destroy();
        if (!stream.closed) await once(stream, 'close');
      }
      expect(await read(key)).toHaveLength(3 * MIB);
    });

    it('says what is missing', async () => {
      const key = newKey();
      expect(await store.head(key)).toBeNull();
      expect(await store.head('playbacks')).toBeNull();
      await expect(store.openRead(key)).rejects.toMatchObject({ code: 'STORAGE.NOT_FOUND', kind: 'not_found' });
    });

    it('replaces an object as a whole, also twice in quick succession', async () => {
      const [first, second] = [randomBytes(5_000), randomBytes(300)];
      const key = newKey();
      const old = await store.putBytes(key, first, { contentType: 'text/plain' });
      const now = await store.putBytes(key, second, VIDEO);
      expect(now.etag).not.toBe(old.etag);
      const sha256Hex = sha256Of(second);
      expect(await store.head(key)).toMatchObject({ ...now, contentType: 'video/mp4', sha256Hex, sizeBytes: 300 });
      expect((await read(key)).equals(second)).toBe(true);
    });

    it('deletes an object, once or twice, and leaves its neighbours alone', async () => {
      const id = randomUUID();
      const [video, poster] = [`playbacks/${id}/video.mp4`, `playbacks/${id}/poster.jpg`];
      await store.putBytes(video, randomBytes(10), VIDEO);
      await store.putBytes(poster, randomBytes(10), { contentType: 'image/jpeg' });
      await store.delete(video);
      await store.delete(video);
      await store.delete(newKey());
      expect(await store.head(video)).toBeNull();
      await expect(store.openRead(video)).rejects.toMatchObject({ code: 'STORAGE.NOT_FOUND' });
      expect(await store.head(poster)).not.toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it.each(BAD_KEYS)('refuses the key %j everywhere', async (key) => {
      const refused = { code: 'STORAGE.BAD_KEY', kind: 'invalid' };
      const target = { key, uploadId: randomUUID(), token: 'any', partSizeBytes: 5 * MIB };
      const part = { number: 1, etag: '"any"', sizeBytes: 1 };
      await expect(store.putBytes(key, Buffer.alloc(1), VIDEO)).rejects.toMatchObject(refused);
      await expect(store.putFile(key, '/dev/null', { ...VIDEO, sizeBytes: 0 })).rejects.toMatchObject(refused);
      await expect(store.beginParts(key, { ...VIDEO, partSizeBytes: 5 * MIB })).rejects.toMatchObject(refused);
      await expect(store.putPart(target, 1, Buffer.alloc(1))).rejects.toMatchObject(refused);
      await expect(store.listParts(target)).rejects.toMatchObject(refused);
      await expect(store.completeParts(target, [part])).rejects.toMatchObject(refused);
      await expect(store.abortParts(target)).rejects.toMatchObject(refused);
      await expect(store.head(key)).rejects.toMatchObject(refused);
      await expect(store.openRead(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      await expect(store.deleteMany([key])).rejects.toMatchObject(refused);
      await expect(store.signedUrl(key, { ttlSec: 60 })).rejects.toMatchObject(refused);
      expect(() => store.publicUrl(key)).toThrow(expect.objectContaining(refused));
    });

    it('stores different keys side by side', async () => {
      const objects = [3, 6 * MIB, 50_000, 0, 700_000].map((size) => ({ key: newKey(), bytes: randomBytes(size) }));
      await Promise.all(objects.map(({ key, bytes }) => store.putBytes(key, bytes, VIDEO)));
      for (const { key, bytes } of objects) expect((await read(key)).equals(bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('does nothing when it is cancelled before it starts', async () => {
      const key = newKey();
      const put = store.putBytes(key, randomBytes(10), { ...VIDEO, signal: AbortSignal.abort() });
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      expect(await store.head(key)).toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it('never shows a part of an object', async () => {
      const bytes = randomBytes(12 * MIB);
      const key = newKey();
      let done = false;
      const put = store.putBytes(key, bytes, VIDEO).finally(() => (done = true));
      const seen = new Set<number | undefined>();
      while (!done) {
        seen.add((await store.head(key))?.sizeBytes);
        await nextTick();
      }
      await put;
      expect([...seen].filter((size) => size !== undefined && size !== bytes.length)).toEqual([]);
      expect(seen.has(undefined)).toBe(true);
    });

    it('answers its check', async () => {
      await store.check();
      expect(await subject.leftovers()).toEqual([]);
    });
  });
}
