import { createHash, randomBytes } from 'node:crypto';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalStoreAdapter } from '../../src/modules/storage/local-store.adapter.js';

const VIDEO = { contentType: 'video/mp4' };
const GIB = 1024 ** 3;
/** Memory, and so never in the file system of a temporary folder on a disk, nor of one in another such memory. */
const ELSEWHERE = '/dev/shm';

describe('files in local storage', () => {
  let root: string;
  let elsewhere: string;
  let store: LocalStoreAdapter;
  const key = 'footage/one/1-60000.mp4';
  const bytes = randomBytes(500_000);
  const md5Hex = createHash('md5').update(bytes).digest('hex');
  const options = { ...VIDEO, sizeBytes: bytes.length };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hindsight-store-'));
    elsewhere = await mkdtemp(join(ELSEWHERE, 'hindsight-files-'));
    store = new LocalStoreAdapter(join(root, 'objects'));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
    await rm(elsewhere, { recursive: true });
  });

  const object = (): string => join(root, 'objects', key);
  const fileIn = async (folder: string): Promise<string> => {
    const path = join(folder, 'segment.m4s');
    await writeFile(path, bytes);
    return path;
  };
  // Whole seconds, which every file system keeps.
  const longAgo = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 5 * 3_600_000);

  it('are not copied where one disk has them and the objects', async () => {
    const path = await fileIn(root);
    await store.putFile(key, path, options);
    expect((await stat(object())).ino).toBe((await stat(path)).ino);
    await unlink(path);
    expect((await stat(object())).nlink).toBe(1);
    expect(await readdir(join(root, 'objects/.tmp'))).toEqual([]);
  });

  it('of any size take no memory', async () => {
    const path = join(root, 'large');
    await writeFile(path, '');
    await truncate(path, 6 * GIB);
    const put = await store.putFile(key, path, { ...VIDEO, sizeBytes: 6 * GIB, md5Hex });
    expect(await store.head(key)).toMatchObject({ ...put, ...VIDEO, sizeBytes: 6 * GIB });
  });

  it('are copied from another file system, with their digest', async () => {
    const path = await fileIn(elsewhere);
    expect((await stat(elsewhere)).dev).not.toBe((await stat(root)).dev);
    expect((await store.putFile(key, path, options)).etag).toBe(`"${md5Hex}"`);
    await appendFile(path, 'more');
    expect((await readFile(object())).equals(bytes)).toBe(true);
    expect(await store.head(key)).toMatchObject({ ...VIDEO, etag: `"${md5Hex}"`, sizeBytes: bytes.length });
    expect(await readdir(join(root, 'objects/.tmp'))).toEqual([]);
  });

  it('that are copied and are not those of their digest leave the old object alone', async () => {
    const old = await store.putBytes(key, Buffer.from('old'), VIDEO);
    const path = await fileIn(elsewhere);
    const another = createHash('md5').update('another').digest('hex');
    const refused = store.putFile(key, path, { ...options, md5Hex: another });
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE.MISMATCH' });
    expect(await store.head(key)).toMatchObject(old);
    expect(await readdir(join(root, 'objects/.tmp'))).toEqual([]);
  });

  it('are found behind a symbolic link, and the object is none', async () => {
    const path = await fileIn(root);
    await symlink(path, join(root, 'link'));
    await store.putFile(key, join(root, 'link'), options);
    await unlink(path);
    expect((await readFile(object())).equals(bytes)).toBe(true);
  });

  it('that were written long ago are not taken for leftovers while they become objects', async () => {
    for (let round = 0; round < 30; round++) {
      const path = await fileIn(root);
      await utimes(path, longAgo, longAgo);
      const others = ['a', 'b', 'c'].map((name) => store.putBytes(`other/${name}`, Buffer.alloc(1), VIDEO));
      await Promise.all([store.putFile(key, path, options), ...others]);
      expect(await store.head(key)).toMatchObject({ ...VIDEO, lastModified: longAgo });
      await unlink(path);
      await store.delete(key);
    }
  });

  it('that a dead process left on their way are swept', async () => {
    const folder = join(root, 'objects/.tmp/dead');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'link'), 'x');
    await utimes(folder, longAgo, longAgo);
    await store.putFile(key, await fileIn(root), options);
    expect(await readdir(join(root, 'objects/.tmp'))).toEqual([]);
  });

  it('are listed without what is not ours, also from a folder that lies on another disk', async () => {
    const objects = join(root, 'objects');
    await store.putBytes('footage/a/1', bytes, VIDEO);
    for (const name of ['with space', 'ümlaut', '.hidden', 'x'.repeat(201)]) {
      await writeFile(join(objects, 'footage', name), 'x');
      await mkdir(join(objects, 'footage', `${name}.d`));
      await writeFile(join(objects, 'footage', `${name}.d`, 'inside'), 'x');
    }
    await fileIn(elsewhere);
    await symlink(elsewhere, join(objects, 'footage/b'));
    await symlink(join(objects, 'nowhere'), join(objects, 'footage/dangling'));
    const { objects: listed } = await store.list('');
    expect(listed.map(({ key: each, sizeBytes }) => [each, sizeBytes])).toEqual([
      ['footage/a/1', bytes.length],
      ['footage/b/segment.m4s', bytes.length],
    ]);
  });

  it('are listed by a look into those folders alone that may hold some of them', async () => {
    for (const name of ['a/1', 'b/1', 'c/1', 'c/2', 'd/1']) await store.putBytes(`footage/${name}`, bytes, VIDEO);
    // Whoever reads such a folder fails.
    for (const name of ['a', 'b', 'd']) await symlink('loop', join(root, 'objects/footage', name, 'loop'));
    const keysOf = async (...args: Parameters<LocalStoreAdapter['list']>): Promise<string[]> =>
      (await store.list(...args)).objects.map((each) => each.key);
    await expect(store.list('footage/b')).rejects.toMatchObject({ code: 'STORAGE.UNAVAILABLE' });
    const both = ['footage/c/1', 'footage/c/2'];
    expect(await keysOf('footage/c')).toEqual(both);
    expect(await keysOf('footage/c/')).toEqual(both);
    expect(await keysOf('', { after: 'footage/c', limit: 1 })).toEqual(['footage/c/1']);
    expect(await keysOf('footage/', { after: 'footage/b0', limit: 1 })).toEqual(['footage/c/1']);
  });

  it('that cannot be deleted are told, and the others are deleted', async () => {
    const keys = ['x/1', 'x/2', 'x/3'];
    for (const each of keys) await store.putBytes(each, bytes, VIDEO);
    const description = join(root, 'objects/x/.2.meta.json');
    await unlink(description);
    await mkdir(description);
    expect(await store.deleteMany(keys)).toEqual([{ key: 'x/2', code: 'STORAGE.UNAVAILABLE' }]);
    expect([await store.head('x/1'), await store.head('x/3')]).toEqual([null, null]);
  });
});
