import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../common/errors.js';
import { sha256HexOf } from './digests.js';
import type { ByteRange } from './domain/byte-range.js';
import { checkKey } from './domain/object-key.js';
import { toLocalStorageError } from './local-errors.js';
import { LocalFiles, streamFile, whenMissing } from './local-files.js';
import { LocalObjects } from './local-objects.js';
import { LocalUploads } from './local-uploads.js';
import {
  type BeginPartsOptions,
  type ObjectInfo,
  ObjectStore,
  type OpenUpload,
  type PartsTarget,
  type PutBytesOptions,
  type PutFileOptions,
  type PutResult,
  type StorageObserver,
  type StoredPart,
} from './object-store.port.js';
import { observed, tellOfFailure } from './observed.js';
import { checkSha256, readExactly, withSourceFile } from './source-file.js';
import { badRange, denied, notFound } from './storage-errors.js';

const COPY_CHUNK_BYTES = 1024 ** 2;

/** Objects as plain files under one folder: `playbacks/{id}/video.mp4` there is the video, playable as it is. */
export class LocalStoreAdapter extends ObjectStore {
  readonly kind = 'local';
  private readonly files: LocalFiles;
  private readonly objects: LocalObjects;
  private readonly uploads: LocalUploads;

  constructor(
    rootDir: string,
    private readonly observer?: StorageObserver,
  ) {
    super();
    this.files = new LocalFiles(resolve(rootDir));
    this.objects = new LocalObjects(this.files);
    this.uploads = new LocalUploads(this.files, this.objects);
  }

  async putFile(key: string, filePath: string, options: PutFileOptions): Promise<PutResult> {
    checkKey(key);
    return observed(this.observer, () =>
      this.translated(async () => {
        options.signal?.throwIfAborted();
        await this.files.sweepStaleTemps(Date.now());
        return await withSourceFile(filePath, (source, sizeBytes) => this.store(source, sizeBytes, key, options));
      }, options.signal),
    );
  }

  async putBytes(key: string, bytes: Buffer, { contentType, signal }: PutBytesOptions): Promise<PutResult> {
    checkKey(key);
    const sha256Hex = sha256HexOf(bytes);
    return observed(this.observer, () =>
      this.translated(async () => {
        signal?.throwIfAborted();
        await this.files.sweepStaleTemps(Date.now());
        await this.files.withTempFile(
          (file) => file.writeFile(bytes),
          (path, file) => this.objects.publish(key, { path, file }, { contentType, sha256Hex, etag: sha256Hex }),
        );
        return { sizeBytes: bytes.length, etag: `"${sha256Hex}"` };
      }, signal),
    );
  }

  async beginParts(key: string, options: BeginPartsOptions): Promise<PartsTarget> {
    checkKey(key);
    return this.step(async () => {
      await this.files.sweepStaleTemps(Date.now());
      return this.uploads.begin(key, options);
    }, options.signal);
  }

  async putPart(target: PartsTarget, number: number, bytes: Buffer, signal?: AbortSignal): Promise<StoredPart> {
    checkKey(target.key);
    const part = await this.step(() => this.uploads.putPart(target, number, bytes), signal);
    this.observer?.uploaded(part.sizeBytes);
    return part;
  }

  async listParts(target: PartsTarget): Promise<StoredPart[] | null> {
    checkKey(target.key);
    return this.translated(() => this.uploads.listParts(target));
  }

  async completeParts(target: PartsTarget, parts: readonly StoredPart[], signal?: AbortSignal): Promise<ObjectInfo> {
    checkKey(target.key);
    return this.step(() => this.uploads.complete(target, parts), signal);
  }

  async abortParts(target: Pick<PartsTarget, 'key' | 'uploadId'>): Promise<void> {
    checkKey(target.key);
    await this.translated(() => this.uploads.abort(target));
  }

  async listUploads(prefix: string): Promise<OpenUpload[]> {
    return this.translated(() => this.uploads.list(prefix));
  }

  async head(key: string): Promise<ObjectInfo | null> {
    checkKey(key);
    return this.translated(async () => (await this.objects.find(key))?.info ?? null);
  }

  async openRead(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.objects.pathOf(checkKey(key));
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
    checkKey(key);
    await this.translated(async () => {
      await this.objects.remove(key);
      await this.uploads.abortAll(key);
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
    key: string,
    options: PutFileOptions,
  ): Promise<PutResult> {
    const { contentType, sha256Hex, signal } = options;
    return this.files.withTempFile(
      (target) => copyChecked(source, sizeBytes, target, options),
      async (path, file) => {
        signal?.throwIfAborted();
        await this.objects.publish(key, { path, file }, { contentType, sha256Hex, etag: sha256Hex });
        return { sizeBytes, etag: `"${sha256Hex}"` };
      },
    );
  }

  /** A step of an upload: it fails as one. */
  private step<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const unlessCancelled = async (): Promise<T> => {
      signal?.throwIfAborted();
      return work();
    };
    return this.translated(unlessCancelled, signal).catch((error: unknown) => {
      tellOfFailure(this.observer, error);
      throw error;
    });
  }

  private async translated<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toLocalStorageError(error, signal);
    }
  }
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
