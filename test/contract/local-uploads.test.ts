import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalStoreAdapter } from '../../src/modules/storage/local-store.adapter.js';
import type { PartsTarget, StoredPart } from '../../src/modules/storage/object-store.port.js';

const PART_BYTES = 1_000;
const OPTIONS = { contentType: 'video/mp4', partSizeBytes: PART_BYTES };

/** What a crash may leave on the disk, and what comes of it. */
describe('uploads to local storage', () => {
  let root: string;
  let store: LocalStoreAdapter;
  const key = 'playbacks/one/video.mp4';
  const bytes = randomBytes(2 * PART_BYTES + 10);
  const partOf = (number: number): Buffer => bytes.subarray((number - 1) * PART_BYTES, number * PART_BYTES);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hindsight-store-'));
    store = new LocalStoreAdapter(root);
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  const dataOf = ({ uploadId }: PartsTarget): string => join(root, '.uploads', uploadId);
  const logOf = (target: PartsTarget): string => `${dataOf(target)}.log`;
  const putAll = async (target: PartsTarget, ...numbers: number[]): Promise<StoredPart[]> => {
    const parts: StoredPart[] = [];
    for (const number of numbers) parts.push(await store.putPart(target, number, partOf(number)));
    return parts;
  };
  const isWhole = async (): Promise<boolean> => (await buffer(await store.openRead(key))).equals(bytes);

  it('lie in the file where they will lie in the object, which is that very file', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 3, 1, 2);
    expect((await readFile(dataOf(target))).equals(bytes)).toBe(true);
    const { ino } = await stat(dataOf(target));
    await store.completeParts(
      target,
      parts.sort((a, b) => a.number - b.number),
    );
    expect((await stat(join(root, key))).ino).toBe(ino);
    expect(await readdir(join(root, '.uploads'))).toEqual([]);
  });

  it('lose no more than the part whose line a crash tore', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const [first] = await putAll(target, 1);
    await appendFile(logOf(target), '\n{"number":2,"etag":"\\"0');
    expect(await store.listParts(target)).toEqual([first]);
    const [third] = await putAll(target, 3);
    expect(await store.listParts(target)).toEqual([first, third]);
    const [second] = await putAll(target, 2);
    await store.completeParts(target, [first!, second!, third!]);
    expect(await isWhole()).toBe(true);
  });

  it('take several parts at the same time from several processes', async () => {
    const target = await store.beginParts(key, { ...OPTIONS, partSizeBytes: 100 });
    const stores = [store, new LocalStoreAdapter(root), new LocalStoreAdapter(root)];
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
    const put = (number: number) => stores[number % 3]!.putPart(target, number, Buffer.alloc(100, number));
    const parts = await Promise.all(numbers.map(put));
    expect(await store.listParts(target)).toEqual(parts);
    await store.completeParts(target, parts);
    expect((await stat(join(root, key))).size).toBe(6_000);
    await store.abortParts(target);
  });

  it('end no object that a crash came between', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 1, 2, 3);
    // Moved, and the log not yet removed.
    const log = await readFile(logOf(target));
    const info = await store.completeParts(target, parts);
    await writeFile(logOf(target), log);
    expect(await store.completeParts(target, parts)).toEqual(info);
    expect(await store.listUploads('')).toEqual([]);
    // The same, and nobody completes it again: the log alone is thrown away.
    await writeFile(logOf(target), log);
    await store.abortParts(target);
    expect(await store.head(key)).toEqual(info);
    expect(await store.listUploads('')).toEqual([]);
    expect(await isWhole()).toBe(true);
  });

  it('show nothing when only the description of the object has come as far as its place', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 1, 2, 3);
    const described = join(root, 'playbacks/one/.video.mp4.meta.json');
    await store.completeParts(target, parts);
    const meta = await readFile(described);
    await store.delete(key);
    const again = await store.beginParts(key, OPTIONS);
    const newParts = await putAll(again, 1, 2, 3);
    await store.putBytes('playbacks/one/other', Buffer.from('x'), OPTIONS);
    await writeFile(described, meta);
    expect(await store.head(key)).toBeNull();
    await expect(store.completeParts(target, parts)).rejects.toMatchObject({ code: 'STORAGE.UPLOAD_GONE' });
    await store.completeParts(again, newParts);
    expect(await isWhole()).toBe(true);
  });

  it('are gone when their file is, and can be thrown away', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 1);
    await rm(dataOf(target));
    const gone = { code: 'STORAGE.UPLOAD_GONE', retryable: true };
    await expect(store.putPart(target, 2, partOf(2))).rejects.toMatchObject(gone);
    await expect(store.completeParts(target, parts)).rejects.toMatchObject(gone);
    expect((await store.listUploads('')).map(({ uploadId }) => uploadId)).toEqual([target.uploadId]);
    await store.abortParts(target);
    expect(await readdir(join(root, '.uploads'))).toEqual([]);
  });

  it('make no object of a file that is shorter than its parts', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 1, 2, 3);
    await truncate(dataOf(target), PART_BYTES);
    await expect(store.completeParts(target, parts)).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
    expect(await store.head(key)).toBeNull();
    expect(await readdir(join(root, 'playbacks')).catch(() => [])).toEqual([]);
  });

  it('cut off what a part that was larger once left behind', async () => {
    const target = await store.beginParts(key, OPTIONS);
    await store.putPart(target, 3, randomBytes(PART_BYTES));
    await store.completeParts(target, await putAll(target, 1, 2, 3));
    expect(await isWhole()).toBe(true);
  });

  it('are objects that a change by hand makes another', async () => {
    const target = await store.beginParts(key, OPTIONS);
    const info = await store.completeParts(target, await putAll(target, 1, 2, 3));
    await rename(join(root, key), join(root, 'aside'));
    await writeFile(join(root, key), bytes);
    const head = await store.head(key);
    expect(head?.etag).not.toBe(info.etag);
    expect(head).toMatchObject({ contentType: 'application/octet-stream', sizeBytes: bytes.length });
  });

  it('cannot take the place of a folder, and are kept then', async () => {
    await store.putBytes(`${key}/below`, Buffer.from('x'), OPTIONS);
    const target = await store.beginParts(key, OPTIONS);
    const parts = await putAll(target, 1, 2, 3);
    await expect(store.completeParts(target, parts)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
    expect(await store.listParts(target)).toEqual(parts);
    await store.delete(`${key}/below`);
    await store.completeParts(target, parts);
    expect(await isWhole()).toBe(true);
  });
});
