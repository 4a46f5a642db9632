import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ByteRange } from './domain/byte-range.js';
import { errnoOf } from './local-errors.js';

/** A temporary file that nobody has written to for this long was left by a process that died. */
const STALE_AFTER_MS = 3_600_000;
/** A delete may remove the empty folder between our `mkdir` and our `rename`, or while `mkdir` looks at what is there. */
const RENAME_ATTEMPTS = 5;
/** Why a file has no second name here: it is in another file system, or this one has no such names, or no more of them for it. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Durable, all-or-nothing file writes below one root. Temporary files live in `.tmp` there, in the same file system. */
export class LocalFiles {
  private readonly tempDir: string;

  constructor(readonly root: string) {
    this.tempDir = join(root, '.tmp');
  }

  /** Lets `write` fill a temporary file, syncs it and hands it to `use`, which may move it away; whatever is left of it is removed. */
  async withTempFile<T>(
    write: (file: FileHandle) => Promise<void>,
    use: (tempPath: string, file: FileHandle) => Promise<T>,
  ): Promise<T> {
    await mkdir(this.tempDir, { recursive: true });
    const tempPath = join(this.tempDir, randomUUID());
    const file = await open(tempPath, 'wx');
    try {
      await write(file);
      await file.sync();
      return await use(tempPath, file);
    } finally {
      await file.close();
      await rm(tempPath, { force: true });
    }
  }

  /**
   * Gives a file a second, temporary name for `use`, which may move that one away; null where there can be none. It has a folder of its own,
   * whose time says how long it has been there: the file's own may be long ago.
   */
  async withTempLink<T>(path: string, use: (tempPath: string) => Promise<T>): Promise<T | null> {
    const folder = join(this.tempDir, randomUUID());
    await mkdir(folder, { recursive: true });
    try {
      const tempPath = join(folder, 'link');
      return (await this.linked(path, tempPath)) ? await use(tempPath) : null;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Moves a synced temporary file to its place, where it appears whole, and makes the move durable. */
  async publish(tempPath: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await rename(tempPath, path);
        break;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt >= RENAME_ATTEMPTS) throw error;
      }
    }
    await this.syncFolders(path);
  }

  /** Removes files and then the folders above them that have become empty, up to the root. */
  async remove(...paths: string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true }).catch(whenMissing(undefined));
    for (const folder of this.foldersAbove(paths[0] ?? this.root)) {
      try {
        await rmdir(folder);
      } catch (error) {
        if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return;
        throw error;
      }
    }
  }

  async sweepStaleTemps(nowMs: number): Promise<void> {
    for (const name of await readdir(this.tempDir).catch(whenMissing<string[]>([]))) {
      const path = join(this.tempDir, name);
      const info = await stat(path).catch(whenMissing(null));
      if (info && info.mtimeMs < nowMs - STALE_AFTER_MS) await rm(path, { recursive: true, force: true });
    }
  }

  private async linked(path: string, tempPath: string): Promise<boolean> {
    try {
      await link(path, tempPath);
      return true;
    } catch (error) {
      if (NO_LINK.has(errnoOf(error) ?? '')) return false;
      throw error;
    }
  }

  private async syncFolders(path: string): Promise<void> {
    for (const folder of [...this.foldersAbove(path), this.root]) {
      const handle = await open(folder, 'r').catch(whenMissing(null));
      await handle?.sync();
      await handle?.close();
    }
  }

  /** The folders between a path and the root, the deepest first. */
  private foldersAbove(path: string): string[] {
    const folders: string[] = [];
    for (let folder = dirname(path); folder.length > this.root.length; folder = dirname(folder)) folders.push(folder);
    return folders;
  }
}

/** Streams an open file and closes it at the end, also when the stream is destroyed early. */
export function streamFile(file: FileHandle, range: ByteRange | undefined): Readable {
  // The path is ignored when a handle is given.
  return createReadStream('', { fd: file, ...(range ? { start: range.start, end: range.end } : {}) });
}

/** For `.catch`: a file or folder that is not there counts as `value`. */
export function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return value;
    throw error;
  };
}
