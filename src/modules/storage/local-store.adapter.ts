import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../common/errors.js';
import { sha256HexOf } from './digests.js';
import type { ByteRange } from './domain/byte-range.js';
import { checkKeys, pageSizeOf } from './domain/bulk-rules.js';
import { checkKey } from './domain/object-key.js';
import { checkCopy, checkPart, checkParts } from './domain/part-rules.js';
import { toLocalStorageError } from './local-errors.js';
import { LocalFilePuts } from './local-file-puts.js';
import { LocalFiles, streamFile } from './local-files.js';
import { LocalObjects } from './local-objects.js';
import { LocalUploads } from './local-uploads.js';
import {
  type BeginPartsOptions,
  type CopySource,
  type FailedDelete,
  type ListOptions,
  type ObjectInfo,
  type ObjectList,
  ObjectStore,
  type OpenUpload,
  type PartsTarget,
  type PutBytesOptions,
  type PutFileOptions,
  type PutResult,
  type StorageObserver,
  type StoredPart,
} from './object-store.port.js';
import { observed } from './observed.js';
import { badRange, denied } from './storage-errors.js';

/** Objects as plain files under one folder: `playbacks/{id}/video.mp4` there is the video, playable as it is. */
export class LocalStoreAdapter extends ObjectStore {
  readonly origin = null;
  private readonly files: LocalFiles;
  private readonly objects: LocalObjects;
  private readonly uploads: LocalUploads;
  private readonly filePuts: LocalFilePuts;

  constructor(
    rootDir: string,
    private readonly observer?: StorageObserver,
  ) {
    super();
    this.files = new LocalFiles(resolve(rootDir));
    this.objects = new LocalObjects(this.files);
    this.uploads = new LocalUploads(this.files, this.objects);
    this.filePuts = new LocalFilePuts(this.files, this.objects);
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

  async putFile(key: string, path: string, options: PutFileOptions): Promise<PutResult> {
    checkKey(key);
    return this.step(options.sizeBytes, options.signal, async () => {
      await this.files.sweepStaleTemps(Date.now());
      return this.filePuts.put(key, path, options);
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

  async copyPart(target: PartsTarget, number: number, source: CopySource, signal?: AbortSignal): Promise<StoredPart> {
    checkKey(target.key);
    checkKey(source.key);
    checkCopy(number, source.range, target.partSizeBytes);
    return this.step(0, signal, async () => this.uploads.putPart(target, number, await this.bytesOf(source)));
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
    checkKey(key);
    return translated(async () => {
      const { file, sizeBytes } = await this.objects.open(key);
      if (!range || range.start < sizeBytes) return streamFile(file, range);
      await file.close();
      throw badRange(sizeBytes);
    });
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await translated(async () => {
      await this.objects.remove(key);
      await this.uploads.abortAll(key);
    });
  }

  async deleteMany(keys: readonly string[]): Promise<FailedDelete[]> {
    checkKeys(keys);
    const failed: FailedDelete[] = [];
    for (const key of keys) {
      await translated(() => this.objects.remove(key)).catch((error) => failed.push({ key, code: codeOf(error) }));
    }
    return failed;
  }

  async list(prefix: string, { after = '', limit }: ListOptions = {}): Promise<ObjectList> {
    return translated(() => this.objects.list(prefix, after, pageSizeOf(limit)));
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

  /** A part's worth, as a part that comes from elsewhere is in memory too. */
  private async bytesOf({ key, range }: CopySource): Promise<Buffer> {
    const { file, sizeBytes } = await this.objects.open(key);
    if (range.end < sizeBytes) return buffer(streamFile(file, range));
    await file.close();
    throw badRange(sizeBytes);
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

/** What kept one of many objects from being deleted; what is no error of the disk is a fault of ours. */
function codeOf(error: unknown): FailedDelete['code'] {
  if (!(error instanceof AppError)) throw error;
  return error.code as FailedDelete['code'];
}
