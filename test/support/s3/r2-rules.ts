import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

const CHECKSUM_HEADER = /^x-amz-(checksum-|sdk-checksum-algorithm$|trailer$|decoded-content-length$)/;

/** R2 answered 501 to the checksum headers and the trailers of newer SDKs; anything of that kind in a request is a mistake of ours. */
export function checkPlainUpload({ headers, query, method }: S3Request): void {
  const header = [...Object.keys(headers), ...[...query.keys()].map((name) => name.toLowerCase())].find((name) =>
    CHECKSUM_HEADER.test(name),
  );
  if (header !== undefined) throw new S3Error(501, 'NotImplemented', `Header '${header}' not implemented`);
  const streaming = String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  if (streaming || String(headers['content-encoding'] ?? '').includes('aws-chunked')) {
    throw new S3Error(501, 'NotImplemented', 'Streaming uploads (aws-chunked) are not implemented');
  }
  if (method === 'PUT' && headers['content-length'] === undefined) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
}

/** One write a second to one key: https://developers.cloudflare.com/r2/platform/limits/ */
export class WriteRate {
  private readonly lastMs = new Map<string, number>();

  constructor(private readonly gapMs: number) {}

  check(key: string, nowMs: number): void {
    const lastMs = this.lastMs.get(key) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < this.gapMs) {
      throw new S3Error(429, 'TooManyRequests', 'Reduce your concurrent request rate for the same object.');
    }
    this.lastMs.set(key, nowMs);
  }
}
