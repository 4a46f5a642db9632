import type { FileHandle } from 'node:fs/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { planParts, type PlannedPart } from './domain/part-plan.js';
import type { KeyWriteGate } from './key-write-gate.js';
import { base64OfHex, md5HexOf } from './digests.js';
import { Multipart, type ObjectHeaders, type Upload } from './multipart.js';
import { sendOptions } from './r2-client.js';
import type { ObjectInfo, PutFileOptions, PutResult, StoredPart } from './object-store.port.js';
import { type Retrying, withRetries } from './retries.js';
import { sendParts } from './send-parts.js';
import { Slots } from './slots.js';
import { checkSha256, readExactly, sha256HexOf } from './source-file.js';
import { mismatch } from './storage-errors.js';

export interface UploaderDeps {
  client: S3Client;
  bucket: string;
  retrying: Retrying;
  gate: KeyWriteGate;
  multipart: Multipart;
  /** One attempt at a HEAD, errors as the SDK throws them. */
  head: (key: string, signal?: AbortSignal) => Promise<ObjectInfo | null>;
  /** A file up to this size goes up in one request, a larger one in parts of it. */
  partSizeBytes: number;
  /** Parts in memory and on the wire at once, over all uploads. */
  parallelParts: number;
}

/** One file to store, with everything that is known about it. */
interface Source {
  key: string;
  file: FileHandle;
  sizeBytes: number;
  options: PutFileOptions;
}

/** Brings files into the bucket and makes sure that they are there. Errors come out as the SDK throws them. */
export class R2Uploader {
  private readonly slots: Slots;

  constructor(private readonly deps: UploaderDeps) {
    this.slots = new Slots(deps.parallelParts);
  }

  async upload(source: Source): Promise<PutResult> {
    if (source.sizeBytes <= this.deps.partSizeBytes) await this.putWhole(source);
    else await this.putInParts(source);
    const stored = await this.retry(() => this.deps.head(source.key, source.options.signal), source);
    if (!stored || !isSame(stored, source)) {
      throw mismatch('The object store has not got the object that was just uploaded, with its size and SHA-256.');
    }
    return { sizeBytes: stored.sizeBytes, etag: stored.etag };
  }

  private async putWhole(source: Source): Promise<void> {
    const { key, file, sizeBytes, options } = source;
    await this.slots.use(async () => {
      const bytes = await readExactly(file, 0, sizeBytes);
      checkSha256(sha256HexOf(bytes), options.sha256Hex);
      const command = new PutObjectCommand({
        Bucket: this.deps.bucket,
        Key: key,
        Body: bytes,
        ContentMD5: base64OfHex(md5HexOf(bytes)),
        ...headersOf(options),
      });
      const send = () => this.deps.client.send(command, sendOptions(options.signal));
      await this.retry(() => this.deps.gate.run(key, send, options.signal), source);
    });
    options.onProgress?.(sizeBytes);
  }

  private async putInParts(source: Source): Promise<void> {
    const { key, options } = source;
    const { multipart } = this.deps;
    // What a process that died left behind; it must not keep a healthy upload from starting.
    await multipart.abortAll(key).catch(() => undefined);
    let upload: Upload | undefined;
    try {
      upload = await multipart.create(key, headersOf(options), options.signal);
      await this.sendAndComplete(source, upload);
      if (upload.mayHaveTwin) await multipart.abortAll(key).catch(() => undefined);
    } catch (error) {
      // The first failure is what the caller must hear; if this fails too, the next put or delete of the key cleans up.
      await this.cleanUp(key, upload).catch(() => undefined);
      throw error;
    }
  }

  private async sendAndComplete(source: Source, upload: Upload): Promise<void> {
    const parts = await this.sendAll(source, upload);
    await this.retry(() => this.complete(source, upload, parts), source);
  }

  private async cleanUp(key: string, upload: Upload | undefined): Promise<void> {
    if (upload) await this.deps.multipart.abort(upload);
    if (!upload || upload.mayHaveTwin) await this.deps.multipart.abortAll(key);
  }

  private async sendAll({ file, sizeBytes, options }: Source, upload: Upload): Promise<StoredPart[]> {
    let sentBytes = 0;
    const send = async (part: PlannedPart, bytes: Buffer, signal: AbortSignal): Promise<StoredPart> => {
      const sent = await this.deps.multipart.putPart(upload, part.number, bytes, signal);
      sentBytes += part.sizeBytes;
      options.onProgress?.(sentBytes);
      return sent;
    };
    const parts = planParts(sizeBytes, this.deps.partSizeBytes);
    return sendParts({ file, parts, sha256Hex: options.sha256Hex, slots: this.slots, send, signal: options.signal });
  }

  /** The answer may be lost though the upload is complete: whether the object is there decides. */
  private async complete(source: Source, upload: Upload, parts: StoredPart[]): Promise<void> {
    const { key, options } = source;
    try {
      await this.deps.gate.run(key, () => this.deps.multipart.complete(upload, parts, options.signal), options.signal);
    } catch (error) {
      if (!(await this.isThere(source))) throw error;
      // It may be an older, identical object that was found, with the upload still open.
      await this.deps.multipart.abort(upload).catch(() => undefined);
    }
  }

  private async isThere(source: Source): Promise<boolean> {
    try {
      const stored = await this.deps.head(source.key, source.options.signal);
      return stored !== null && isSame(stored, source);
    } catch {
      return false; // no answer to this question either: the error that led to it is the one that matters
    }
  }

  private retry<T>(attempt: () => Promise<T>, { options }: Source): Promise<T> {
    return withRetries(this.deps.retrying, attempt, options.signal);
  }
}

function isSame(stored: ObjectInfo, { sizeBytes, options }: Source): boolean {
  return stored.sizeBytes === sizeBytes && stored.sha256Hex === options.sha256Hex;
}

function headersOf({ contentType, sha256Hex }: PutFileOptions): ObjectHeaders {
  return { ContentType: contentType, Metadata: { sha256: sha256Hex } };
}
