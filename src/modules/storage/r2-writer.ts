import { randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Bandwidth } from './bandwidth.js';
import { base64OfHex, md5HexOf, sha256HexOf } from './digests.js';
import type { KeyWriteGate } from './key-write-gate.js';
import type { Multipart, Upload } from './multipart.js';
import type {
  BeginPartsOptions,
  CopySource,
  ObjectInfo,
  PartsTarget,
  PutBytesOptions,
  StoredPart,
} from './object-store.port.js';
import { BODY_TIMEOUT_MS, sendOptions } from './r2-client.js';
import { isBadRequest, isUploadGone } from './r2-errors.js';
import type { SeenObject } from './r2-head.js';
import { type Retrying, withRetries } from './retries.js';
import { badRange, mismatch } from './storage-errors.js';

const TWINS_WITHIN_MS = 5_000;

export interface WriterDeps {
  client: S3Client;
  bucket: string;
  retrying: Retrying;
  gate: KeyWriteGate;
  bandwidth: Bandwidth;
  multipart: Multipart;
  /** One attempt at a HEAD, errors as the SDK throws them. */
  head: (key: string, signal?: AbortSignal) => Promise<SeenObject | null>;
}

/**
 * Makes objects and makes sure that they are there. Errors come out as the SDK throws them.
 *
 * What says that an object is the one that was meant: each part's MD5 was compared by the store (`Content-MD5`) and with the tag it answered,
 * the list of parts names those very tags, and the finished object has the sum of their sizes and the token of this very upload.
 * The object's own tag is not compared: R2 says only that it is no MD5, so another one than we would compute proves nothing.
 */
export class R2Writer {
  constructor(private readonly deps: WriterDeps) {}

  async putBytes(key: string, bytes: Buffer, { contentType, signal }: PutBytesOptions): Promise<ObjectInfo> {
    const sha256Hex = sha256HexOf(bytes);
    const object = {
      Bucket: this.deps.bucket,
      Key: key,
      ContentType: contentType,
      ContentLength: bytes.length,
      ContentMD5: base64OfHex(md5HexOf(bytes)),
      Metadata: { sha256: sha256Hex },
    };
    const send = () =>
      this.deps.bandwidth.send(bytes, (Body) =>
        this.deps.client.send(new PutObjectCommand({ ...object, Body }), sendOptions(signal, BODY_TIMEOUT_MS)),
      );
    await this.retry(() => this.deps.gate.run(key, send, signal), signal);
    const stored = await this.retry(() => this.deps.head(key, signal), signal);
    if (stored?.info.sizeBytes === bytes.length && stored.info.sha256Hex === sha256Hex) return stored.info;
    throw mismatch('The object store has not got the object that was just stored, with its size and SHA-256.');
  }

  async begin(key: string, { contentType, partSizeBytes, signal }: BeginPartsOptions): Promise<PartsTarget> {
    signal?.throwIfAborted();
    const token = randomUUID();
    const headers = { ContentType: contentType, Metadata: { token } };
    try {
      const upload = await this.deps.multipart.create(key, headers, signal);
      if (upload.mayHaveTwin) await this.abortTwins(key, upload);
      return { key, uploadId: upload.uploadId, token, partSizeBytes };
    } catch (error) {
      // Its answer may have been lost, or come too late for a caller that gave up.
      await this.abortTwins(key);
      throw error;
    }
  }

  async copyPart(target: PartsTarget, number: number, source: CopySource, signal?: AbortSignal): Promise<StoredPart> {
    try {
      return await this.deps.multipart.copyPart(target, number, source, signal);
    } catch (error) {
      if (!isBadRequest(error)) throw error;
      // `InvalidRange` or `InvalidArgument`, with 416 or 400: stores differ in what they call a range that is not there.
      const seen = await this.retry(() => this.deps.head(source.key, signal), signal);
      if (seen && source.range.end >= seen.info.sizeBytes) throw badRange(seen.info.sizeBytes);
      throw error;
    }
  }

  /**
   * The answer may be lost though the object is complete: whether it is there, with our token, decides before the next attempt.
   * One attempt at a time, and each in its turn at the key.
   */
  async complete(
    target: PartsTarget,
    parts: readonly StoredPart[],
    sizeBytes: number,
    signal?: AbortSignal,
  ): Promise<ObjectInfo> {
    const find = () => this.find(target, sizeBytes, signal);
    const attempt = async (): Promise<ObjectInfo | null> => {
      try {
        await this.deps.gate.run(target.key, () => this.deps.multipart.complete(target, parts, signal), signal);
        return null;
      } catch (error) {
        // Gone means that somebody ended it, unless we completed it ourselves: that must be known for sure.
        const own = isUploadGone(error) ? await this.retry(find, signal) : await find().catch(() => null);
        if (own) return own;
        throw error;
      }
    };
    const own = (await this.retry(attempt, signal)) ?? (await this.retry(find, signal));
    if (own) return own;
    throw mismatch('The object store has not got the object that was just completed, with its size and its token.');
  }

  /** One look for the object of this very upload. */
  private async find(target: PartsTarget, sizeBytes: number, signal?: AbortSignal): Promise<ObjectInfo | null> {
    const seen = await this.deps.head(target.key, signal);
    return seen?.token === target.token && seen.info.sizeBytes === sizeBytes ? seen.info : null;
  }

  /** A try, within seconds, for nobody waits for it; what it cannot end is old one day and found by `listUploads`. */
  private async abortTwins(key: string, but?: Upload): Promise<void> {
    await this.deps.multipart.abortEmpty(key, but, AbortSignal.timeout(TWINS_WITHIN_MS)).catch(() => undefined);
  }

  private retry<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withRetries(this.deps.retrying, attempt, signal);
  }
}
