import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../common/errors.js';
import { sha256HexOf } from './digests.js';
import type { ByteRange } from './domain/byte-range.js';
import { checkKey } from './domain/object-key.js';
import { checkPart, checkParts } from './domain/part-rules.js';
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
  type PutResult,
  type StorageObserver,
  type StoredPart,
} from './object-store.port.js';
import { observed } from './observed.js';
import { badRange, denied, notFound } from './storage-errors.js';

/** Objects as plain files under one folder: `playbacks/{id}/video.mp4` there is the video, playable as it is. */
export class LocalStoreAdapter extends ObjectStore {
  readonly origin = null;
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

  async putBytes(key: string, bytes: Buffer, { contentType, signal }: PutBytesOptions): Promise<PutResult> {
    checkKey(key);
    return this.step(bytes.length, signal, async () => {
      const sha256Hex = sha256HexOf(bytes);
      await this.files.sweepStaleTemps(Date.now());
      await this.files.withTempFile(
        (file) => file.writeFile(bytes),
        (path, file) => this.objects.publish(key, { path, file }, { contentType, sha256Hex, etag: sha256Hex }),
      );
      return { sizeBytes: bytes.length, etag: `"${sha256Hex}"` };
    });
  }

  async beginParts(key: string, options: BeginPartsOptions): Promise<PartsTarget> {
    checkKey(key);
    return this.step(0, options.signal, async () => {
      await this.files.sweepStaleTemps(Date.now());
      return this.uploads.begin(key, options);
    });
  }

  async putPart(target: PartsTarget, number: number, bytes: Buffer, signal?: AbortSignal): Promise<StoredPart> {
    checkKey(target.key);
    checkPart({ number, sizeBytes: bytes.length }, target.partSizeBytes);
    return this.step(bytes.length, signal, () => this.uploads.putPart(target, number, bytes));
  }

  async listParts(target: PartsTarget): Promise<StoredPart[] | null> {
    checkKey(target.key);
    return translated(() => this.uploads.listParts(target));
  }

  async completeParts(target: PartsTarget, parts: readonly StoredPart[], signal?: AbortSignal): Promise<ObjectInfo> {
    checkKey(target.key);
    const sizeBytes = checkParts(parts, target.partSizeBytes);
    return this.step(0, signal, () => this.uploads.complete(target, parts, sizeBytes));
  }

  async abortParts(target: Pick<PartsTarget, 'key' | 'uploadId'>): Promise<void> {
    checkKey(target.key);
    await translated(() => this.uploads.abort(target));
  }

  async listUploads(prefix: string): Promise<OpenUpload[]> {
    return translated(() => this.uploads.list(prefix));
  }

  async head(key: string): Promise<ObjectInfo | null> {
    checkKey(key);
    return translated(async () => (await this.objects.find(key))?.info ?? null);
  }

  async openRead(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.objects.pathOf(checkKey(key));
    return translated(async () => {
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
    await translated(async () => {
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

  /** A step of an upload, which may be cancelled until it begins: none takes long. */
  private step<T>(bytes: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const unlessCancelled = async (): Promise<T> => {
      signal?.throwIfAborted();
      return work();
    };
    return observed(this.observer, bytes, () => translated(unlessCancelled, signal));
  }
}

async function translated<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toLocalStorageError(error, signal);
  }
}
