import type { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Clock, SystemClock } from '../../common/clock.js';
import { redactor } from '../../common/redaction.js';
import type { R2Config } from '../../config/app-config.js';
import { Bandwidth } from './bandwidth.js';
import type { ByteRange } from './domain/byte-range.js';
import { checkKeys, pageSizeOf } from './domain/bulk-rules.js';
import { attachmentNamed } from './domain/content-disposition.js';
import { checkKey } from './domain/object-key.js';
import { checkCopy, checkPart, checkParts } from './domain/part-rules.js';
import { KeyWriteGate } from './key-write-gate.js';
import { Multipart } from './multipart.js';
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
  type SignedUrlOptions,
  type StorageObserver,
  type StoredPart,
} from './object-store.port.js';
import { observed } from './observed.js';
import { R2Bulk } from './r2-bulk.js';
import { createR2Client, type R2Timeouts, sendOptions } from './r2-client.js';
import { isMissing, isTransient, isUploadGone, toR2StorageError } from './r2-errors.js';
import { R2FileWriter } from './r2-file-writer.js';
import { headObject, type SeenObject } from './r2-head.js';
import { type OpenBody, readResumably } from './r2-reader.js';
import { R2UrlSigner } from './r2-url.signer.js';
import { R2Writer } from './r2-writer.js';
import { type RetryPolicy, type Retrying, withRetries } from './retries.js';
import { unavailable } from './storage-errors.js';

const MAX_SIGNED_TTL_SEC = 604_800;
/** An object that nobody stores: 404 `NoSuchKey` for it proves address, credentials, bucket and permission at once. */
const CHECK_KEY = 'hindsight-check';

export interface R2StoreOptions {
  clock?: Clock;
  observer?: StorageObserver | undefined;
  timeouts?: R2Timeouts;
  retries?: RetryPolicy;
  /** Pause between two writes to one key. */
  writeGapMs?: number;
  checkTimeoutMs?: number;
  /** What everything that is stored may take of the line together; 0: as much as there is. */
  maxBytesPerSec?: number;
}

const DEFAULTS = {
  timeouts: { connectMs: 5_000, requestMs: 300_000, idleMs: 30_000 },
  retries: { attempts: 4, firstMs: 500, maxMs: 4_000 },
  writeGapMs: 1_100,
  checkTimeoutMs: 5_000,
  maxBytesPerSec: 0,
};

/** Objects in a bucket of Cloudflare R2, or of anything else that speaks S3. */
export class R2StoreAdapter extends ObjectStore {
  readonly origin: string;
  private readonly options: typeof DEFAULTS;
  private readonly observer: StorageObserver | undefined;
  private readonly client: S3Client;
  private readonly retrying: Retrying;
  private readonly gate: KeyWriteGate;
  private readonly multipart: Multipart;
  private readonly writer: R2Writer;
  private readonly files: R2FileWriter;
  private readonly bulk: R2Bulk;
  private readonly signer: R2UrlSigner;

  constructor(
    private readonly config: R2Config,
    { clock = new SystemClock(), observer, ...options }: R2StoreOptions = {},
  ) {
    super();
    redactor.add(config.secretAccessKey);
    this.origin = new URL(config.publicUrl ?? config.endpoint).origin;
    this.options = { ...DEFAULTS, ...options };
    this.observer = observer;
    this.client = createR2Client(config, this.options.timeouts);
    this.retrying = { clock, policy: this.options.retries, isTransient };
    this.gate = new KeyWriteGate(this.options.writeGapMs, clock);
    const bandwidth = new Bandwidth(this.options.maxBytesPerSec, clock);
    const head = (key: string, signal?: AbortSignal) => this.headOnce(key, signal);
    const base = { client: this.client, bucket: config.bucket, retrying: this.retrying };
    const deps = { ...base, bandwidth, gate: this.gate, head };
    this.multipart = new Multipart(deps);
    this.writer = new R2Writer({ ...deps, multipart: this.multipart });
    this.files = new R2FileWriter(deps);
    this.bulk = new R2Bulk(deps);
    this.signer = new R2UrlSigner(config);
  }

  async putBytes(key: string, bytes: Buffer, options: PutBytesOptions): Promise<PutResult> {
    checkKey(key);
    const put = () => this.writer.putBytes(key, bytes, options);
    const { sizeBytes, etag } = await this.step(key, bytes.length, options.signal, put);
    return { sizeBytes, etag };
  }

  async putFile(key: string, path: string, options: PutFileOptions): Promise<PutResult> {
    checkKey(key);
    return this.step(key, options.sizeBytes, options.signal, () => this.files.putFile(key, path, options));
  }

  async beginParts(key: string, options: BeginPartsOptions): Promise<PartsTarget> {
    checkKey(key);
    return this.step(key, 0, options.signal, () => this.writer.begin(key, options));
  }

  async putPart(target: PartsTarget, number: number, bytes: Buffer, signal?: AbortSignal): Promise<StoredPart> {
    const { key, partSizeBytes } = target;
    checkKey(key);
    checkPart({ number, sizeBytes: bytes.length }, partSizeBytes);
    return this.step(key, bytes.length, signal, () => this.multipart.putPart(target, number, bytes, signal));
  }

  async copyPart(target: PartsTarget, number: number, source: CopySource, signal?: AbortSignal): Promise<StoredPart> {
    checkKey(target.key);
    checkKey(source.key);
    checkCopy(number, source.range, target.partSizeBytes);
    return this.step(source.key, 0, signal, () => this.writer.copyPart(target, number, source, signal));
  }

  async listParts(target: PartsTarget): Promise<StoredPart[] | null> {
    checkKey(target.key);
    return translated(target.key, undefined, async () => {
      try {
        return await this.multipart.listParts(target);
      } catch (error) {
        if (isUploadGone(error)) return null;
        throw error;
      }
    });
  }

  async completeParts(target: PartsTarget, parts: readonly StoredPart[], signal?: AbortSignal): Promise<ObjectInfo> {
    checkKey(target.key);
    const sizeBytes = checkParts(parts, target.partSizeBytes);
    return this.step(target.key, 0, signal, () => this.writer.complete(target, parts, sizeBytes, signal));
  }

  async abortParts(target: Pick<PartsTarget, 'key' | 'uploadId'>): Promise<void> {
    checkKey(target.key);
    await translated(target.key, undefined, () => this.multipart.abort(target));
  }

  async listUploads(prefix: string): Promise<OpenUpload[]> {
    return translated(prefix, undefined, () => this.multipart.listUploads(prefix));
  }

  async head(key: string): Promise<ObjectInfo | null> {
    checkKey(key);
    return translated(key, undefined, async () => (await this.retry(() => this.headOnce(key)))?.info ?? null);
  }

  async openRead(key: string, range?: ByteRange): Promise<Readable> {
    checkKey(key);
    return translated(key, undefined, async () => {
      const first = await this.get(key, range);
      const { end } = first.range;
      const reopen = async (start: number) =>
        (await translated(key, undefined, () => this.get(key, { start, end }, first.etag))).body;
      return readResumably(first, reopen, this.retrying, (error) => toR2StorageError(error, key));
    });
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    const command = new DeleteObjectCommand({ Bucket: this.config.bucket, Key: key });
    await translated(key, undefined, async () => {
      await this.retry(() => this.gate.run(key, () => this.client.send(command)));
      await this.multipart.abortAll(key);
    });
  }

  async deleteMany(keys: readonly string[]): Promise<FailedDelete[]> {
    checkKeys(keys);
    return translated('', undefined, () => this.bulk.deleteMany(keys));
  }

  async list(prefix: string, { after, limit }: ListOptions = {}): Promise<ObjectList> {
    return translated(prefix, undefined, () => this.bulk.list(prefix, after, pageSizeOf(limit)));
  }

  publicUrl(key: string): string | null {
    checkKey(key);
    return this.config.publicUrl === undefined ? null : `${this.config.publicUrl}/${key}`;
  }

  async signedUrl(key: string, { ttlSec, downloadFileName }: SignedUrlOptions): Promise<string> {
    checkKey(key);
    const expiresSec = Math.max(1, Math.min(MAX_SIGNED_TTL_SEC, Math.floor(ttlSec)));
    const disposition = downloadFileName === undefined ? undefined : attachmentNamed(downloadFileName);
    return this.signer.sign(key, { at: this.retrying.clock.now(), expiresSec, disposition });
  }

  async check(): Promise<void> {
    const command = new GetObjectCommand({ Bucket: this.config.bucket, Key: CHECK_KEY });
    const signal = AbortSignal.timeout(this.options.checkTimeoutMs);
    try {
      const { Body } = await this.client.send(command, sendOptions(signal));
      (Body as Readable).destroy();
    } catch (error) {
      if (signal.aborted)
        throw unavailable(`The object store did not answer within ${this.options.checkTimeoutMs} ms.`);
      if (!isMissing(error)) throw toR2StorageError(error, CHECK_KEY);
    }
  }

  /** Closes the kept connections; NestJS calls it at the end. */
  onModuleDestroy(): void {
    this.client.destroy();
  }

  private headOnce(key: string, signal?: AbortSignal): Promise<SeenObject | null> {
    return headObject(this.client, { Bucket: this.config.bucket, Key: key }, signal);
  }

  private async get(key: string, range?: ByteRange, etag?: string): Promise<OpenBody & { etag: string | undefined }> {
    const command = new GetObjectCommand({
      Bucket: this.config.bucket,
      Key: key,
      ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
      ...(etag === undefined ? {} : { IfMatch: etag }),
    });
    const answer = await this.retry(() => this.client.send(command));
    const start = range?.start ?? 0;
    const end = start + (answer.ContentLength ?? 0) - 1;
    return { body: answer.Body as Readable, range: { start, end }, etag: answer.ETag };
  }

  private step<T>(key: string, bytes: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return observed(this.observer, bytes, () => translated(key, signal, work));
  }

  private retry<T>(attempt: () => Promise<T>): Promise<T> {
    return withRetries(this.retrying, attempt);
  }
}

async function translated<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toR2StorageError(error, key, signal);
  }
}
