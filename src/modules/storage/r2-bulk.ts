import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { base64OfHex, md5HexOf } from './digests.js';
import { isKey } from './domain/object-key.js';
import type { KeyWriteGate } from './key-write-gate.js';
import type { FailedDelete, ListedObject, ObjectList } from './object-store.port.js';
import { codeOfRefusal } from './r2-errors.js';
import { type Retrying, withRetries } from './retries.js';

export interface BulkDeps {
  client: S3Client;
  bucket: string;
  retrying: Retrying;
  gate: KeyWriteGate;
}

/** Requests about many objects. Errors come out as the SDK throws them. */
export class R2Bulk {
  constructor(private readonly deps: BulkDeps) {}

  /** Goes on until the page is full: a store may answer fewer objects than it was asked for. */
  async list(prefix: string, after: string | undefined, limit: number): Promise<ObjectList> {
    const objects: ListedObject[] = [];
    for (let token: string | undefined; ;) {
      const command = new ListObjectsV2Command({
        Bucket: this.deps.bucket,
        Prefix: prefix,
        MaxKeys: limit - objects.length,
        // The token knows where the list began.
        ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
      });
      const page = await this.retry(() => this.deps.client.send(command));
      for (const { Key: key = '', Size: sizeBytes = 0, LastModified: lastModified = new Date(0) } of page.Contents ??
        []) {
        if (isKey(key)) objects.push({ key, sizeBytes, lastModified });
      }
      token = page.NextContinuationToken;
      const more = page.IsTruncated === true && token !== undefined;
      if (!more || objects.length >= limit) return { objects, more };
    }
  }

  async deleteMany(keys: readonly string[]): Promise<FailedDelete[]> {
    const command = new DeleteObjectsCommand({
      Bucket: this.deps.bucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    });
    addContentMd5(command);
    const send = () => this.deps.gate.runMany(keys, () => this.deps.client.send(command));
    const { Errors = [] } = await this.retry(send);
    return Errors.map(({ Key: key = '', Code }) => ({ key, code: codeOfRefusal(Code) }));
  }

  private retry<T>(attempt: () => Promise<T>): Promise<T> {
    return withRetries(this.deps.retrying, attempt);
  }
}

/**
 * This request must bring a digest of its body. The SDK's own is a CRC32, which R2 and others answered with 501: an MD5 takes its place.
 * https://github.com/aws/aws-sdk-js-v3/blob/main/supplemental-docs/MD5_FALLBACK.md
 */
function addContentMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body: string };
      for (const name of Object.keys(headers)) if (/^x-amz-(sdk-)?checksum-/i.test(name)) delete headers[name];
      headers['content-md5'] = base64OfHex(md5HexOf(Buffer.from(body)));
      return next(args);
    },
    // Behind the SDK's checksum, before the signature.
    { step: 'build', priority: 'low', name: 'contentMd5', override: true },
  );
}
