import type { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Clock, SystemClock } from '../../common/clock.js';
import { redactor } from '../../common/redaction.js';
import type { R2Config } from '../../config/app-config.js';
import type { ByteRange } from './domain/byte-range.js';
import { attachmentNamed } from './domain/content-disposition.js';
import { checkKey } from './domain/object-key.js';
import { KeyWriteGate } from './key-write-gate.js';
import { Multipart, sendOptions } from './multipart.js';
import {
  type ObjectInfo,
  ObjectStore,
  type PutFileOptions,
  type PutResult,
  type SignedUrlOptions,
  type StorageObserver,
} from './object-store.port.js';
import { observed } from './observed.js';
import { createR2Client, type R2Timeouts } from './r2-client.js';
import { isMissing, isTransient, toR2StorageError } from './r2-errors.js';
import { type OpenBody, readResumably } from './r2-reader.js';
import { R2Uploader } from './r2-uploader.js';
import { type RetryPolicy, type Retrying, withRetries } from './retries.js';
import { withSourceFile } from './source-file.js';
import { unavailable } from './storage-errors.js';

const MIB = 1024 ** 2;
const MAX_SIGNED_TTL_SEC = 604_800;
/** An object that nobody stores: 404 `NoSuchKey` for it proves address, credentials, bucket and permission at once. */
const CHECK_KEY = 'hindsight-check';

export interface R2StoreOptions {
  clock?: Clock;
  observer?: StorageObserver | undefined;
  timeouts?: R2Timeouts;
  retries?: RetryPolicy;
  /** At least 5 MiB (R2's limit). Together with `parallelParts` it bounds the memory that uploads take. */
  partSizeBytes?: number;
  /** Parts on the wire at once, over all uploads; R2 slows a single upload down beyond about three. */
  parallelParts?: number;
  /** Pause between two writes to one key. */
  writeGapMs?: number;
  checkTimeoutMs?: number;
}

const DEFAULTS = {
  timeouts: { connectMs: 5_000, requestMs: 300_000, idleMs: 30_000 },
  retries: { attempts: 4, firstMs: 500, maxMs: 4_000 },
  partSizeBytes: 8 * MIB,
  parallelParts: 3,
  writeGapMs: 1_100,
  checkTimeoutMs: 5_000,
};

/** Objects in a bucket of Cloudflare R2, or of anything else that speaks S3. */
export class R2StoreAdapter extends ObjectStore {
  readonly kind = 'r2';
  private readonly options: typeof DEFAULTS;
  private readonly observer: StorageObserver | undefined;
  private readonly client: S3Client;
  private readonly retrying: Retrying;
  private readonly gate: KeyWriteGate;
  private readonly multipart: Multipart;
  private readonly uploader: R2Uploader;

  constructor(
    private readonly config: R2Config,
    { clock = new SystemClock(), observer, ...options }: R2StoreOptions = {},
  ) {
    super();
    redactor.add(config.secretAccessKey);
    this.options = { ...DEFAULTS, ...options };
    this.observer = observer;
    this.client = createR2Client(config, this.options.timeouts);
    this.retrying = { clock, policy: this.options.retries, isTransient };
    this.gate = new KeyWriteGate(this.options.writeGapMs, clock);
    this.multipart = new Multipart(this.client, config.bucket, this.retrying);
    this.uploader = new R2Uploader({
      client: this.client,
      bucket: config.bucket,
      retrying: this.retrying,
      gate: this.gate,
      multipart: this.multipart,
      head: (key, signal) => this.headOnce(key, signal),
      partSizeBytes: this.options.partSizeBytes,
      parallelParts: this.options.parallelParts,
    });
  }

  async putFile(key: string, filePath: string, options: PutFileOptions): Promise<PutResult> {
    checkKey(key);
    const { signal } = options;
    return observed(this.observer, () =>
      translated(key, signal, () =>
        withSourceFile(filePath, (file, sizeBytes) => this.uploader.upload({ key, file, sizeBytes, options })),
      ),
    );
  }

  async head(key: string): Promise<ObjectInfo | null> {
    checkKey(key);
    return translated(key, undefined, () => this.retry(() => this.headOnce(key)));
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

  publicUrl(key: string): string | null {
    checkKey(key);
    return this.config.publicUrl === undefined ? null : `${this.config.publicUrl}/${key}`;
  }

  async signedUrl(key: string, { ttlSec, downloadFileName }: SignedUrlOptions): Promise<string> {
    checkKey(key);
    const command = new GetObjectCommand({
      Bucket: this.config.bucket,
      Key: key,
      ...(downloadFileName === undefined ? {} : { ResponseContentDisposition: attachmentNamed(downloadFileName) }),
    });
    const expiresIn = Math.max(1, Math.min(MAX_SIGNED_TTL_SEC, Math.floor(ttlSec)));
    return getSignedUrl(this.client, command, { expiresIn });
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

  private async headOnce(key: string, signal?: AbortSignal): Promise<ObjectInfo | null> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.config.bucket, Key: key });
      const answer = await this.client.send(command, sendOptions(signal));
      return {
        sizeBytes: answer.ContentLength ?? 0,
        contentType: answer.ContentType ?? 'application/octet-stream',
        etag: answer.ETag ?? '',
        sha256Hex: answer.Metadata?.['sha256'] ?? null,
        lastModified: answer.LastModified ?? new Date(0),
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
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
