import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { videoKey } from '../../src/modules/storage/domain/object-key.js';
import type { ObjectStore } from '../../src/modules/storage/object-store.port.js';
import { SampleFiles } from './sample-files.js';

const MIB = 1024 ** 2;

export interface StoreUnderTest {
  store: ObjectStore;
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
    let files: SampleFiles;

    beforeAll(async () => {
      files = await SampleFiles.create();
      subject = await setUp();
      store = subject.store;
    });

    afterAll(async () => {
      await files.remove();
      await subject.dispose();
    });

    const read = async (key: string): Promise<Buffer> => buffer(await store.openRead(key));
    const newKey = (): string => videoKey(randomUUID());

    it('stores a file with its size, type and SHA-256, and gives the same bytes back', async () => {
      const { path, bytes, options } = await files.make(100_003);
      const key = newKey();
      const beforeMs = Date.now();
      const put = await store.putFile(key, path, options);
      const head = await store.head(key);
      expect(head).toEqual({
        ...put,
        contentType: 'video/mp4',
        sha256Hex: options.sha256Hex,
        lastModified: expect.any(Date),
      });
      expect(put.sizeBytes).toBe(100_003);
      expect(put.etag).toMatch(/^"[^"]+"$/);
      expect(Math.abs((head?.lastModified.getTime() ?? 0) - beforeMs)).toBeLessThan(10_000);
      expect((await read(key)).equals(bytes)).toBe(true);
    });

    it('stores an empty file', async () => {
      const { path, options } = await files.make(0);
      const key = newKey();
      await store.putFile(key, path, options);
      expect(await store.head(key)).toMatchObject({ sizeBytes: 0, sha256Hex: options.sha256Hex });
      expect(await read(key)).toHaveLength(0);
      await expect(store.openRead(key, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'STORAGE.BAD_RANGE' });
    });

    it('stores a large file in bounded steps and tells its progress', async () => {
      const { path, bytes, options } = await files.make(25 * MIB + 1);
      const key = newKey();
      const progress: number[] = [];
      await store.putFile(key, path, { ...options, onProgress: (sentBytes) => progress.push(sentBytes) });
      expect(progress.length).toBeGreaterThan(3);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(progress.at(-1)).toBe(bytes.length);
      expect(await store.head(key)).toMatchObject({ sizeBytes: bytes.length, sha256Hex: options.sha256Hex });
      expect((await read(key)).equals(bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it('reads ranges with both ends inclusive', async () => {
      const { path, bytes, options } = await files.make(1_000);
      const key = newKey();
      await store.putFile(key, path, options);
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
      const { path, options } = await files.make(3 * MIB);
      const key = newKey();
      await store.putFile(key, path, options);
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
      const { options } = await files.make(1);
      const put = store.putFile(key, `${files.folder}/missing`, options);
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.SOURCE_MISSING' });
      expect(await store.head(key)).toBeNull();
    });

    it('replaces an object as a whole, also twice in quick succession', async () => {
      const first = await files.make(5_000, 'text/plain');
      const second = await files.make(300, 'video/mp4');
      const key = newKey();
      const old = await store.putFile(key, first.path, first.options);
      const now = await store.putFile(key, second.path, second.options);
      expect(now.etag).not.toBe(old.etag);
      const { sha256Hex } = second.options;
      expect(await store.head(key)).toMatchObject({ ...now, contentType: 'video/mp4', sha256Hex, sizeBytes: 300 });
      expect((await read(key)).equals(second.bytes)).toBe(true);
    });

    it('deletes an object, once or twice, and leaves its neighbours alone', async () => {
      const { path, options } = await files.make(10);
      const id = randomUUID();
      const [video, poster] = [`playbacks/${id}/video.mp4`, `playbacks/${id}/poster.jpg`];
      await store.putFile(video, path, options);
      await store.putFile(poster, path, options);
      await store.delete(video);
      await store.delete(video);
      await store.delete(newKey());
      expect(await store.head(video)).toBeNull();
      await expect(store.openRead(video)).rejects.toMatchObject({ code: 'STORAGE.NOT_FOUND' });
      expect(await store.head(poster)).not.toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it.each(BAD_KEYS)('refuses the key %j everywhere', async (key) => {
      const { path, options } = await files.make(1);
      const refused = { code: 'STORAGE.BAD_KEY', kind: 'invalid' };
      await expect(store.putFile(key, path, options)).rejects.toMatchObject(refused);
      await expect(store.head(key)).rejects.toMatchObject(refused);
      await expect(store.openRead(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      await expect(store.signedUrl(key, { ttlSec: 60 })).rejects.toMatchObject(refused);
      expect(() => store.publicUrl(key)).toThrow(expect.objectContaining(refused));
    });

    it('stores different keys side by side', async () => {
      const jobs = await Promise.all(
        [3, 6 * MIB, 50_000, 11 * MIB, 0, 700_000].map(async (size) => ({
          key: newKey(),
          file: await files.make(size),
        })),
      );
      await Promise.all(jobs.map(({ key, file }) => store.putFile(key, file.path, file.options)));
      for (const { key, file } of jobs) expect((await read(key)).equals(file.bytes)).toBe(true);
      expect(await subject.leftovers()).toEqual([]);
    });

    it.each([1_000, 12 * MIB])(
      'refuses a file of %i bytes that has not the announced SHA-256, and keeps the old object',
      async (size) => {
        const old = await files.make(1_000);
        const { path } = await files.make(size);
        const { options } = await files.make(1);
        const key = newKey();
        await store.putFile(key, old.path, old.options);
        await expect(store.putFile(key, path, options)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
        expect((await read(key)).equals(old.bytes)).toBe(true);
        expect(await store.head(key)).toMatchObject({ sha256Hex: old.options.sha256Hex, contentType: 'video/mp4' });
        expect(await subject.leftovers()).toEqual([]);
      },
    );

    it('leaves nothing behind when it is cancelled half-way', async () => {
      const { path, options } = await files.make(25 * MIB);
      const key = newKey();
      const stop = new AbortController();
      const put = store.putFile(key, path, { ...options, signal: stop.signal, onProgress: () => stop.abort() });
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      expect(await store.head(key)).toBeNull();
      expect(await subject.leftovers()).toEqual([]);
    });

    it('does nothing when it is cancelled before it starts', async () => {
      const { path, options } = await files.make(10);
      const key = newKey();
      const put = store.putFile(key, path, { ...options, signal: AbortSignal.abort() });
      await expect(put).rejects.toMatchObject({ code: 'STORAGE.CANCELLED' });
      expect(await store.head(key)).toBeNull();
    });

    it('never shows a part of an object', async () => {
      const { path, bytes, options } = await files.make(12 * MIB);
      const key = newKey();
      let done = false;
      const put = store.putFile(key, path, options).finally(() => (done = true));
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
