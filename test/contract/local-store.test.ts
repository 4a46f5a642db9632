import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalStoreAdapter } from '../../src/modules/storage/local-store.adapter.js';
import { describeFileObjects } from './file-objects.contract.js';
import { describeObjectLists } from './object-lists.contract.js';
import { describeObjectStore, type StoreUnderTest } from './object-store.contract.js';
import { describePartCopies } from './part-copies.contract.js';
import { describePartUploads } from './part-uploads.contract.js';

/** Every file below a folder that is neither an object nor its description, and every folder that is empty. */
async function leftoversIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const own = [join(root, '.tmp'), join(root, '.uploads')];
  const orphans = paths.filter(({ entry, path }) => {
    if (own.includes(path)) return false;
    if (own.includes(entry.parentPath)) return true;
    if (entry.isDirectory()) return !paths.some((other) => other.path.startsWith(`${path}/`));
    const object = /^\.(.+)\.meta\.json$/.exec(basename(path))?.[1];
    return object !== undefined && !paths.some((other) => other.path === join(entry.parentPath, object));
  });
  return orphans.map(({ path }) => path);
}

async function setUp(): Promise<StoreUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'hindsight-store-'));
  const open = (): LocalStoreAdapter => new LocalStoreAdapter(join(root, 'objects'));
  return {
    store: open(),
    another: async () => open(),
    leftovers: () => leftoversIn(join(root, 'objects')),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

const VIDEO = { contentType: 'video/mp4' };
const TEN = Buffer.alloc(10, 'x');

describeObjectStore('local storage', setUp);
describePartUploads('local storage', setUp);
describeFileObjects('local storage', setUp);
describeObjectLists('local storage', setUp);
describePartCopies('local storage', setUp);

describe('local storage', () => {
  let root: string;
  let store: LocalStoreAdapter;
  const key = 'playbacks/one/video.mp4';

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hindsight-store-'));
    store = new LocalStoreAdapter(root);
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('keeps an object as a plain file under its key', async () => {
    const bytes = randomBytes(1_000);
    await store.putBytes(key, bytes, VIDEO);
    expect((await readFile(join(root, key))).equals(bytes)).toBe(true);
  });

  it('has no addresses of its own: the service serves its objects', async () => {
    expect(store.publicUrl(key)).toBeNull();
    expect(await store.signedUrl(key)).toBeNull();
  });

  it('removes folders that have become empty, but not its root', async () => {
    await store.putBytes(key, TEN, VIDEO);
    await store.delete(key);
    expect((await readdir(root)).filter((name) => name !== '.tmp')).toEqual([]);
  });

  it('stores into a folder that a delete is removing at the same time', async () => {
    for (let round = 0; round < 100; round++) {
      await store.putBytes('same/old', TEN, VIDEO);
      await Promise.all([
        ...[store.delete('same/old'), store.delete('same/none')],
        ...['same/new', 'same/other'].map((each) => store.putBytes(each, TEN, VIDEO)),
      ]);
      for (const each of ['same/new', 'same/other']) {
        expect(await store.head(each)).toMatchObject({ sizeBytes: 10 });
        await store.delete(each);
      }
    }
  });

  it('does not claim a SHA-256 for a file that it did not write', async () => {
    const { etag } = await store.putBytes(key, TEN, VIDEO);
    await writeFile(join(root, key), 'changed by hand');
    const head = await store.head(key);
    expect(head).toMatchObject({ sha256Hex: null, sizeBytes: 15 });
    expect(head?.etag).not.toBe(etag);
    await writeFile(join(root, 'playbacks/one/.video.mp4.meta.json'), '{ damaged');
    expect(await store.head(key)).toMatchObject({ sha256Hex: null });
  });

  it('sweeps what a dead process left half-written, but not what another is writing', async () => {
    await mkdir(join(root, '.tmp'));
    const [stale, fresh] = [join(root, '.tmp/stale'), join(root, '.tmp/fresh')];
    await writeFile(stale, 'x');
    await writeFile(fresh, 'x');
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(stale, longAgo, longAgo);
    await store.putBytes(key, TEN, VIDEO);
    await expect(stat(stale)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await stat(fresh)).toBeDefined();
  });

  it('refuses a key that is the folder of another', async () => {
    await store.putBytes('a/b', TEN, VIDEO);
    await expect(store.putBytes('a', TEN, VIDEO)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
    await expect(store.putBytes('a/b/c', TEN, VIDEO)).rejects.toMatchObject({ code: 'STORAGE.REJECTED' });
    await store.delete('a');
    expect(await store.head('a')).toBeNull();
    expect(await store.head('a/b/c')).toBeNull();
    expect(await store.head('a/b')).toMatchObject({ sizeBytes: 10 });
    expect(await leftoversIn(root)).toEqual([]);
  });

  it('fails its check with something to look at when its folder cannot be', async () => {
    await writeFile(join(root, 'file'), '');
    for (const folder of ['file', 'file/below']) {
      const check = new LocalStoreAdapter(join(root, folder)).check();
      await expect(check).rejects.toMatchObject({
        code: 'STORAGE.DENIED',
        message: expect.stringContaining('DATA_DIR'),
      });
    }
  });
});
