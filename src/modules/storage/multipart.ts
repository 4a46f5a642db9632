import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { Bandwidth } from './bandwidth.js';
import { base64OfHex, isMd5Tag, isOtherMd5, md5HexOf } from './digests.js';
import type { CopySource, OpenUpload, StoredPart } from './object-store.port.js';
import { BODY_TIMEOUT_MS, sendOptions } from './r2-client.js';
import { isUploadGone } from './r2-errors.js';
import { type Retrying, withRetries } from './retries.js';
import { mismatch } from './storage-errors.js';

export interface Upload {
  key: string;
  uploadId: string;
  /** It took several attempts to begin it, so the store may hold an empty upload whose answer was lost. */
  mayHaveTwin?: boolean;
}

/** What is said of an object when its upload begins. */
export interface ObjectHeaders {
  ContentType: string;
  Metadata: Record<string, string>;
}

export interface MultipartDeps {
  client: S3Client;
  bucket: string;
  retrying: Retrying;
  bandwidth: Bandwidth;
}

/** The verbs of S3's multipart upload, each retried by itself unless it says otherwise. Errors come out as the SDK throws them. */
export class Multipart {
  constructor(private readonly deps: MultipartDeps) {}

  async create(key: string, headers: ObjectHeaders, signal?: AbortSignal): Promise<Upload> {
    const command = new CreateMultipartUploadCommand({ Bucket: this.deps.bucket, Key: key, ...headers });
    let attempts = 0;
    const send = () => {
      attempts++;
      return this.deps.client.send(command, sendOptions(signal));
    };
    const { UploadId } = await this.retry(send, signal);
    if (UploadId === undefined) throw new Error('the object store gave no upload id');
    return { key, uploadId: UploadId, mayHaveTwin: attempts > 1 };
  }

  /** The store compares the bytes with our digest, and we compare its tag with it. */
  async putPart(upload: Upload, number: number, bytes: Buffer, signal?: AbortSignal): Promise<StoredPart> {
    const md5Hex = md5HexOf(bytes);
    const part = { ...this.target(upload), PartNumber: number, ContentMD5: base64OfHex(md5Hex) };
    const send = async (): Promise<StoredPart> => {
      const answer = await this.deps.bandwidth.send(bytes, (Body) =>
        this.deps.client.send(
          new UploadPartCommand({ ...part, Body, ContentLength: bytes.length }),
          sendOptions(signal, BODY_TIMEOUT_MS),
        ),
      );
      const { ETag: etag } = answer;
      if (etag === undefined) throw new Error('the object store gave no ETag for a part');
      if (isMd5Tag(answer) && isOtherMd5(etag, md5Hex)) {
        throw mismatch(`The object store has other bytes for part ${number}.`);
      }
      return { number, etag, sizeBytes: bytes.length };
    };
    return this.retry(send, signal);
  }

  /** The store copies the bytes and answers its tag of them, which is all that is known of the copy. */
  async copyPart(upload: Upload, number: number, source: CopySource, signal?: AbortSignal): Promise<StoredPart> {
    const { start, end } = source.range;
    const command = new UploadPartCopyCommand({
      ...this.target(upload),
      PartNumber: number,
      // Nothing in a key has to be escaped, nor in the name of a bucket.
      CopySource: `${this.deps.bucket}/${source.key}`,
      CopySourceRange: `bytes=${start}-${end}`,
    });
    const copy = async (): Promise<StoredPart> => {
      const { CopyPartResult } = await this.deps.client.send(command, sendOptions(signal));
      if (CopyPartResult?.ETag === undefined)
        throw mismatch(`The object store gave no tag for the copied part ${number}.`);
      return { number, etag: CopyPartResult.ETag, sizeBytes: end - start + 1 };
    };
    return this.retry(copy, signal);
  }

  async listParts(upload: Upload, signal?: AbortSignal): Promise<StoredPart[]> {
    const parts: StoredPart[] = [];
    for (let marker: string | undefined; ;) {
      const command = new ListPartsCommand({ ...this.target(upload), PartNumberMarker: marker });
      const page = await this.retry(() => this.deps.client.send(command, sendOptions(signal)), signal);
      for (const { PartNumber: number = 0, ETag: etag = '', Size: sizeBytes = 0 } of page.Parts ?? []) {
        parts.push({ number, etag, sizeBytes });
      }
      if (page.IsTruncated !== true || page.NextPartNumberMarker === undefined) return parts;
      marker = page.NextPartNumberMarker;
    }
  }

  /** One attempt: its answer may be lost though it succeeded, so the caller looks before it tries again. */
  async complete(upload: Upload, parts: readonly StoredPart[], signal?: AbortSignal): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const command = new CompleteMultipartUploadCommand({ ...this.target(upload), MultipartUpload: { Parts } });
    await this.deps.client.send(command, sendOptions(signal));
  }

  /** An upload that is gone already is fine. */
  async abort(upload: Upload, signal?: AbortSignal): Promise<void> {
    try {
      const command = new AbortMultipartUploadCommand(this.target(upload));
      await this.retry(() => this.deps.client.send(command, sendOptions(signal)), signal);
    } catch (error) {
      if (!isUploadGone(error)) throw error;
    }
  }

  async listUploads(prefix: string, signal?: AbortSignal): Promise<OpenUpload[]> {
    const uploads: OpenUpload[] = [];
    for (let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}; ;) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.deps.bucket, Prefix: prefix, ...after });
      const page = await this.retry(() => this.deps.client.send(command, sendOptions(signal)), signal);
      for (const { Key: key, UploadId: uploadId, Initiated: startedAt = new Date() } of page.Uploads ?? []) {
        if (key !== undefined && uploadId !== undefined) uploads.push({ key, uploadId, startedAt });
      }
      if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return uploads;
      after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }

  /** Ends every unfinished upload of this key. */
  async abortAll(key: string): Promise<void> {
    for (const upload of await this.listUploads(key)) if (upload.key === key) await this.abort(upload);
  }

  /** Ends uploads of this key that hold nothing, such as one whose answer was lost; `but` that one. */
  async abortEmpty(key: string, but: Upload | undefined, signal: AbortSignal): Promise<void> {
    for (const upload of await this.listUploads(key, signal)) {
      if (upload.key !== key || upload.uploadId === but?.uploadId) continue;
      if ((await this.listParts(upload, signal)).length === 0) await this.abort(upload, signal);
    }
  }

  private target({ key, uploadId }: Upload): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.deps.bucket, Key: key, UploadId: uploadId };
  }

  private retry<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withRetries(this.deps.retrying, attempt, signal);
  }
}
