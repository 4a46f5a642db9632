import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../common/errors.js';
import type { ByteRange } from './domain/byte-range.js';
import { checkKey } from './domain/object-key.js';
import { toLocalStorageError } from './local-errors.js';
import { LocalFiles, streamFile, whenMissing } from './local-files.js';
import {
  type ObjectInfo,
  ObjectStore,
  type PutFileOptions,
  type PutResult,
  type StorageObserver,
} from './object-store.port.js';
import { observed } from './observed.js';
import { checkSha256, readExactly, withSourceFile } from './source-file.js';
import { badRange, denied, notFound } from './storage-errors.js';

const COPY_CHUNK_BYTES = 1024 ** 2;

/** What is kept beside an object in `.{name}.meta.json`. Size and time tie it to the very file it was written for. */
interface Meta {
  contentType: string;
  sha256Hex: string;
  sizeBytes: number;
  mtimeMs: number;
}

/** Objects as plain files under one folder: `playbacks/{id}/video.mp4` there is the video, playable as it is. */
export class LocalStoreAdapter extends ObjectStore {
  readonly kind = 'local';
  private readonly files: LocalFiles;

  constructor(
    rootDir: string,
    private readonly observer?: StorageObserver,
  ) {
    super();
    this.files = new LocalFiles(resolve(rootDir));
  }

  async putFile(key: string, filePath: string, options: PutFileOptions): Promise<PutResult> {
    const path = this.pathOf(key);
    return observed(this.observer, () =>
      this.translated(async () => {
        options.signal?.throwIfAborted();
        await this.files.sweepStaleTemps(Date.now());
        return await withSourceFile(filePath, (source, sizeBytes) => this.store(source, sizeBytes, path, options));
      }, options.signal),
    );
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const path = this.pathOf(key);
    return this.translated(async () => {
      const file = await stat(path).catch(whenMissing(null));
      if (!file?.isFile()) return null;
      const text = await readFile(metaPathOf(path), 'utf8').catch(whenMissing(null));
      return describe(file, text);
    });
  }

  async openRead(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.pathOf(key);
    return this.translated(async () => {
      const file = await open(path, 'r').catch(whenMissing(null));
      if (!file) throw notFound(key);
      try {
        const info = await file.stat();
        if (!info.isFile()) throw notFound(key);
        if (range && range.start >= info.size) throw badRange(info.size);
        return streamFile(file, range);
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    await this.translated(async () => {
      const info = await stat(path).catch(whenMissing(null));
      if (!info?.isDirectory()) await this.files.remove(path, metaPathOf(path));
    });
  }

  publicUrl(key: string): null {
    checkKey(key);
    return null;
  }

  async signedUrl(key: string): Promise<null> {
    checkKey(key);
    return null;
  }

  /** Writes and removes a small file: a folder may be readable and yet be on a full or read-only disk. */
  async check(): Promise<void> {
    try {
      await this.files.withTempFile(
        async (file) => void (await file.write('x')),
        async () => undefined,
      );
    } catch (error) {
      const translation = toLocalStorageError(error);
      if (translation instanceof AppError && translation.code === 'STORAGE.REJECTED') {
        throw denied('The storage folder, or one above it, is a file: check DATA_DIR.', error);
      }
      throw translation;
    }
  }

  private async store(
    source: FileHandle,
    sizeBytes: number,
    path: string,
    options: PutFileOptions,
  ): Promise<PutResult> {
    return this.files.withTempFile(
      (target) => copyChecked(source, sizeBytes, target, options),
      async (tempPath, target) => {
        const { mtimeMs } = await target.stat();
        const { contentType, sha256Hex } = options;
        options.signal?.throwIfAborted();
        await this.writeMeta(path, { contentType, sha256Hex, sizeBytes, mtimeMs });
        try {
          await this.files.publish(tempPath, path);
        } catch (error) {
          await this.files.remove(metaPathOf(path));
          throw error;
        }
        return { sizeBytes, etag: `"${sha256Hex}"` };
      },
    );
  }

  /** Before the object, so that no object is ever seen without it; until then it fits no file and says nothing. */
  private async writeMeta(path: string, meta: Meta): Promise<void> {
    await this.files.withTempFile(
      async (file) => void (await file.writeFile(JSON.stringify(meta))),
      (tempPath) => this.files.publish(tempPath, metaPathOf(path)),
    );
  }

  private pathOf(key: string): string {
    return join(this.files.root, checkKey(key));
  }

  private async translated<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toLocalStorageError(error, signal);
    }
  }
}

function metaPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.meta.json`);
}

async function copyChecked(
  source: FileHandle,
  sizeBytes: number,
  target: FileHandle,
  { sha256Hex, onProgress, signal }: PutFileOptions,
): Promise<void> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < sizeBytes; offset += COPY_CHUNK_BYTES) {
    signal?.throwIfAborted();
    const bytes = await readExactly(source, offset, Math.min(COPY_CHUNK_BYTES, sizeBytes - offset));
    hash.update(bytes);
    await target.writeFile(bytes);
    onProgress?.(offset + bytes.length);
  }
  checkSha256(hash.digest('hex'), sha256Hex);
}

function describe(file: Stats, metaText: string | null): ObjectInfo {
  const meta = parseMeta(metaText);
  const own = meta?.sizeBytes === file.size && meta.mtimeMs === file.mtimeMs ? meta : null;
  return {
    sizeBytes: file.size,
    contentType: own?.contentType ?? 'application/octet-stream',
    etag: own ? `"${own.sha256Hex}"` : `"${file.size.toString(16)}-${Math.trunc(file.mtimeMs).toString(16)}"`,
    sha256Hex: own?.sha256Hex ?? null,
    lastModified: new Date(file.mtimeMs),
  };
}

/** A damaged description must not hide its object. */
function parseMeta(text: string | null): Meta | null {
  try {
    return text === null ? null : (JSON.parse(text) as Meta | null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
