import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type BackendAnswer, S3rverBackend } from '../../test/support/s3/s3rver-backend.js';
import type { S3Request } from '../../test/support/s3/s3-request.js';

interface PartFile {
  path: string;
  sizeBytes: number;
}

interface PartsObject {
  headers: IncomingHttpHeaders;
  files: PartFile[];
  sizeBytes: number;
}

type BackendRequest = Pick<S3Request, 'method' | 'url' | 'headers' | 'body'>;

/**
 * Keeps the parts of a completed object as they came. s3rver copies and hashes all of them at that moment, seconds for each gigabyte, which
 * real stores do not: Ceph answered within 14 ms whatever the size, and the benchmark would measure the copy.
 */
export class PartsBackend extends S3rverBackend {
  private readonly objects = new Map<string, PartsObject>();
  /** Of uploads that were begun, by path. */
  private readonly begun = new Map<string, IncomingHttpHeaders>();
  private readonly sizes = new Map<string, number>();

  constructor(
    private readonly root: string,
    private readonly inBucket: string,
  ) {
    super(root, inBucket);
  }

  override async send(request: BackendRequest): Promise<BackendAnswer> {
    const { pathname, searchParams } = new URL(request.url, 'http://s3');
    const uploadId = searchParams.get('uploadId');
    if (request.method === 'POST' && uploadId !== null) return this.complete(pathname, uploadId, request.body);
    if (request.method === 'POST') this.begun.set(pathname, objectHeaders(request.headers));
    const number = searchParams.get('partNumber');
    if (number !== null) this.sizes.set(`${uploadId}/${number}`, request.body.length);
    const object = this.objects.get(pathname);
    if (object && (request.method === 'GET' || request.method === 'HEAD')) return readParts(object, request);
    if (request.method === 'PUT' || request.method === 'DELETE') this.objects.delete(pathname);
    return super.send(request);
  }

  override async waitForObject(key: string, sizeBytes: number): Promise<void> {
    if (!this.objects.has(`/${this.inBucket}/${key}`)) await super.waitForObject(key, sizeBytes);
  }

  private async complete(pathname: string, uploadId: string, body: Buffer): Promise<BackendAnswer> {
    const dir = join(this.root, `completed-${uploadId}`);
    await rename(join(this.root, this.inBucket, '._S3rver_uploads', uploadId), dir);
    const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number = '']) => number);
    const files = numbers.map((number) => {
      const sizeBytes = this.sizes.get(`${uploadId}/${number}`) ?? 0;
      return { path: join(dir, number), sizeBytes };
    });
    const sizeBytes = files.reduce((total, file) => total + file.sizeBytes, 0);
    const headers = { ...this.begun.get(pathname), 'last-modified': new Date().toUTCString(), etag: '"parts"' };
    this.objects.set(pathname, { headers, files, sizeBytes });
    return answerOf(200, {}, Readable.from([]));
  }
}

function objectHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => name === 'content-type' || name.startsWith('x-amz-meta-'));
  return Object.fromEntries(kept);
}

/** The front has checked the range, and gives it as `bytes=first-last`. */
function readParts({ headers, files, sizeBytes }: PartsObject, request: BackendRequest): BackendAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const [start, end] = [Number(first ?? 0), Number(last ?? sizeBytes - 1)];
  const length = { 'content-length': String(end - start + 1) };
  const body = request.method === 'HEAD' ? Readable.from([]) : Readable.from(readFiles(files, start, end));
  return answerOf(first === undefined ? 200 : 206, { ...headers, ...length }, body);
}

async function* readFiles(files: readonly PartFile[], start: number, end: number): AsyncGenerator<Buffer> {
  let from = 0;
  for (const { path, sizeBytes } of files) {
    const range = { start: Math.max(0, start - from), end: Math.min(sizeBytes - 1, end - from) };
    if (range.start <= range.end) yield* createReadStream(path, range) as AsyncIterable<Buffer>;
    from += sizeBytes;
  }
}

/** Of an answer's stream only the bytes are used. */
function answerOf(status: number, headers: IncomingHttpHeaders, stream: Readable): BackendAnswer {
  return { status, headers, stream: stream as IncomingMessage };
}
