import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalFiles, whenMissing } from './local-files.js';
import { walkKeys } from './local-list.js';
import { describeObject, type Meta, metaPathOf } from './local-meta.js';
import type { ListedObject, ObjectInfo, ObjectList } from './object-store.port.js';
import { notFound } from './storage-errors.js';

/** A file that is to become an object: synced, in the same file system, and nobody writes to it any more. */
export interface ReadyFile {
  path: string;
  file: FileHandle;
}

/** Objects as files under their keys, each with its description beside it. */
export class LocalObjects {
  constructor(private readonly files: LocalFiles) {}

  pathOf(key: string): string {
    return join(this.files.root, key);
  }

  async find(key: string): Promise<{ info: ObjectInfo; token: string | null } | null> {
    const path = this.pathOf(key);
    const file = await stat(path).catch(whenMissing(null));
    if (!file?.isFile()) return null;
    return describeObject(file, await readFile(metaPathOf(path), 'utf8').catch(whenMissing(null)));
  }

  async list(prefix: string, after: string, limit: number): Promise<ObjectList> {
    const objects: ListedObject[] = [];
    for await (const key of walkKeys(this.files.root, { prefix, after })) {
      if (objects.length === limit) return { objects, more: true };
      const file = await stat(this.pathOf(key)).catch(whenMissing(null));
      if (file) objects.push({ key, sizeBytes: file.size, lastModified: new Date(file.mtimeMs) });
    }
    return { objects, more: false };
  }

  /** @throws AppError `STORAGE.NOT_FOUND` */
  async open(key: string): Promise<{ file: FileHandle; sizeBytes: number }> {
    const file = await open(this.pathOf(key), 'r').catch(whenMissing(null));
    if (!file) throw notFound(key);
    try {
      const info = await file.stat();
      if (info.isFile()) return { file, sizeBytes: info.size };
      throw notFound(key);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Moves a file to its key, where it appears whole in place of what was there. Failed, it leaves no description without an object. */
  async publish(key: string, { path, file }: ReadyFile, about: Omit<Meta, 'sizeBytes' | 'mtimeMs'>): Promise<void> {
    const { size: sizeBytes, mtimeMs } = await file.stat();
    await this.writeMeta(key, { ...about, sizeBytes, mtimeMs });
    try {
      await this.files.publish(path, this.pathOf(key));
    } catch (error) {
      if ((await this.find(key))?.info.etag !== `"${about.etag}"`)
        await this.files.remove(metaPathOf(this.pathOf(key)));
      throw error;
    }
  }

  /** Before the object, so that no object is ever seen without it; until then it fits no file and says nothing. */
  private async writeMeta(key: string, meta: Meta): Promise<void> {
    await this.files.withTempFile(
      async (file) => void (await file.writeFile(JSON.stringify(meta))),
      (tempPath) => this.files.publish(tempPath, metaPathOf(this.pathOf(key))),
    );
  }

  async remove(key: string): Promise<void> {
    const path = this.pathOf(key);
    const info = await stat(path).catch(whenMissing(null));
    if (!info?.isDirectory()) await this.files.remove(path, metaPathOf(path));
  }
}
