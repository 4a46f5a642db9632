import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { isUploadGone } from './r2-errors.js';
import { type Retrying, withRetries } from './retries.js';

export interface Upload {
  key: string;
  uploadId: string;
  /** It took several attempts to begin it, so the store may hold an empty upload whose answer was lost. */
  mayHaveTwin?: boolean;
}

export interface SentPart {
  number: number;
  etag: string;
}

/** The verbs of S3's multipart upload, each retried by itself. Errors come out as the SDK throws them. */
export class Multipart {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly retrying: Retrying,
  ) {}

  async create(key: string, headers: ObjectHeaders, signal?: AbortSignal): Promise<Upload> {
    const command = new CreateMultipartUploadCommand({ Bucket: this.bucket, Key: key, ...headers });
    let attempts = 0;
    const send = () => {
      attempts++;
      return this.client.send(command, sendOptions(signal));
    };
    const { UploadId } = await this.retry(send, signal);
    if (UploadId === undefined) throw new Error('the object store gave no upload id');
    return { key, uploadId: UploadId, mayHaveTwin: attempts > 1 };
  }

  async putPart(upload: Upload, number: number, bytes: Buffer, signal?: AbortSignal): Promise<SentPart> {
    const command = new UploadPartCommand({
      ...this.target(upload),
      PartNumber: number,
      Body: bytes,
      ContentMD5: md5Base64(bytes),
    });
    const { ETag } = await this.retry(() => this.client.send(command, sendOptions(signal)), signal);
    if (ETag === undefined) throw new Error('the object store gave no ETag for a part');
    return { number, etag: ETag };
  }

  /** One attempt: its answer may be lost though it succeeded, so the caller looks before it tries again. */
  async complete(upload: Upload, parts: SentPart[], signal?: AbortSignal): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const command = new CompleteMultipartUploadCommand({ ...this.target(upload), MultipartUpload: { Parts } });
    await this.client.send(command, sendOptions(signal));
  }

  /** An upload that is gone already is fine. */
  async abort(upload: Upload): Promise<void> {
    try {
      await this.retry(() => this.client.send(new AbortMultipartUploadCommand(this.target(upload))));
    } catch (error) {
      if (!isUploadGone(error)) throw error;
    }
  }

  /** Ends every unfinished upload of this key, such as those of a process that died. */
  async abortAll(key: string, signal?: AbortSignal): Promise<void> {
    const command = new ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: key });
    const { Uploads = [] } = await this.retry(() => this.client.send(command, sendOptions(signal)), signal);
    for (const { Key, UploadId } of Uploads) {
      if (Key === key && UploadId !== undefined) await this.abort({ key, uploadId: UploadId });
    }
  }

  private target({ key, uploadId }: Upload): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.bucket, Key: key, UploadId: uploadId };
  }

  private retry<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withRetries(this.retrying, attempt, signal);
  }
}

/** What is said of an object when its upload begins. */
export interface ObjectHeaders {
  ContentType: string;
  Metadata: Record<string, string>;
}

/** R2 and S3 check a body against its `Content-MD5` and refuse it with 400 `BadDigest`. */
export function md5Base64(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}

export function sendOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
