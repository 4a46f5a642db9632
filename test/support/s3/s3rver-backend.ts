import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import S3rver from 's3rver';
import type { S3Request } from './s3-request.js';

const OBJECT_SUFFIX = '._S3rver_object';
const UPLOADS = '._S3rver_uploads';
const WHOLE_WITHIN_MS = 10_000;

export interface BackendAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  stream: IncomingMessage;
}

/** s3rver, which keeps the objects, on a port of its own that only the front talks to. */
export class S3rverBackend {
  private readonly agent = new Agent({ keepAlive: true });
  private port = 0;
  private readonly server: S3rver;

  constructor(
    private readonly directory: string,
    private readonly bucket: string,
  ) {
    const configureBuckets = [{ name: bucket }];
    this.server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory,
      vhostBuckets: false,
      configureBuckets,
    });
  }

  async start(): Promise<void> {
    this.port = (await this.server.run()).port;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.server.close();
  }

  /** Passes a request on, with its headers as they are, and resolves when the answer begins. */
  send(request: Pick<S3Request, 'method' | 'url' | 'headers' | 'body'>): Promise<BackendAnswer> {
    return new Promise((resolve, reject) => {
      const { method, url: path, headers, body } = request;
      const outgoing = httpRequest({ host: '127.0.0.1', port: this.port, agent: this.agent, method, path, headers });
      outgoing.on('error', reject);
      outgoing.on('response', (stream) => resolve({ status: stream.statusCode ?? 0, headers: stream.headers, stream }));
      outgoing.end(body);
    });
  }

  /** Reads an object past the front and its faults; null when there is none. */
  async read(key: string): Promise<{ headers: IncomingHttpHeaders; body: Buffer } | null> {
    const url = `/${this.bucket}/${encodeURI(key)}`;
    const { status, headers, stream } = await this.send({ method: 'GET', url, headers: {}, body: Buffer.alloc(0) });
    const body = await buffer(stream);
    return status === 200 ? { headers, body } : null;
  }

  async listKeys(): Promise<string[]> {
    const { stream } = await this.send({ method: 'GET', url: `/${this.bucket}`, headers: {}, body: Buffer.alloc(0) });
    const xml = (await buffer(stream)).toString();
    return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
  }

  /** Every key, in no order, from its folder: its own list ends with the first page, as Node has not got the cipher of its page tokens. */
  async allKeys(): Promise<string[]> {
    const bucket = join(this.directory, this.bucket);
    const entries = await readdir(bucket, { recursive: true, withFileTypes: true });
    const paths = entries.map((entry) => relative(bucket, join(entry.parentPath, entry.name)));
    const objects = paths.filter((path) => path.endsWith(OBJECT_SUFFIX) && !path.startsWith(UPLOADS));
    return objects.map((path) => path.slice(0, -OBJECT_SUFFIX.length));
  }

  /** What a list says of an object that is whole; null when there is none. */
  async describe(key: string): Promise<{ key: string; sizeBytes: number; etag: string; lastModified: Date } | null> {
    const path = this.objectPath(key);
    try {
      const [{ size, mtime }, md5] = [await stat(path), await readFile(`${path}.md5`, 'utf8')];
      return { key, sizeBytes: size, etag: `"${md5}"`, lastModified: mtime };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** s3rver answers a write before its file is whole; nobody may see it until then. */
  async waitForObject(key: string, sizeBytes: number): Promise<void> {
    await waitForSize(this.objectPath(key), sizeBytes);
  }

  /** s3rver overwrites a file in place: without its name, those who read it now keep the old bytes. */
  async detach(key: string): Promise<void> {
    await rm(this.objectPath(key), { force: true });
  }

  async waitForPart(uploadId: string, number: number, sizeBytes: number): Promise<void> {
    await waitForSize(join(this.uploadDir(uploadId), String(number)), sizeBytes);
  }

  /** s3rver cannot abort an upload: this is its folder. */
  async removeUpload(uploadId: string): Promise<void> {
    await rm(this.uploadDir(uploadId), { recursive: true, force: true });
  }

  private objectPath(key: string): string {
    return join(this.directory, this.bucket, `${key}${OBJECT_SUFFIX}`);
  }

  private uploadDir(uploadId: string): string {
    return join(this.directory, this.bucket, UPLOADS, uploadId);
  }
}

async function waitForSize(path: string, sizeBytes: number): Promise<void> {
  const deadlineMs = Date.now() + WHOLE_WITHIN_MS;
  while ((await stat(path)).size !== sizeBytes) {
    if (Date.now() > deadlineMs) throw new Error(`s3rver did not finish ${path}`);
    await delay(2);
  }
}
