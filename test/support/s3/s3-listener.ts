import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../tools/free-port.js';
import type { FrontAnswer } from './front-answer.js';
import { S3Error } from './s3-error.js';
import type { S3FaultAction, S3Faults } from './s3-faults.js';
import { damaged, parseRequest, type S3Request } from './s3-request.js';
import type { S3RequestRecord, S3Stats } from './s3-stats.js';

const MAX_BODY_BYTES = 256 * 1024 ** 2;

/** One HTTP server on 127.0.0.1 that can go away and come back on its port, also at another address, and that plays the faults. */
export class S3Listener {
  private server: Server | undefined;
  private port = 0;
  private host = '127.0.0.1';

  constructor(
    private readonly respond: (request: S3Request) => Promise<FrontAnswer>,
    private readonly faults: S3Faults,
    private readonly stats: S3Stats,
    /** Set in front of every path: how public addresses leave the bucket out. */
    private readonly pathPrefix = '',
  ) {}

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** Listens, from the second time on at the same port. @param host from now on */
  async open(host = this.host): Promise<void> {
    if (this.server) return;
    this.host = host;
    this.port ||= await freePort();
    const server = createServer((incoming, outgoing) => void this.serve(incoming, outgoing));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, host, resolve);
    });
    this.server = server;
  }

  /** Cuts every connection; new ones are refused. */
  async close(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = parseRequest(incoming, this.pathPrefix);
    const { operation, key } = request;
    // A request that is given up forgets its connection.
    const { socket } = incoming;
    const record = this.stats.record({ operation, key, headerNames: Object.keys(incoming.headers), status: 0 });
    const fault = this.faults.take(operation, key || (request.query.get('prefix') ?? ''));
    const leave = this.stats.enter(operation);
    try {
      if (fault?.kind === 'reset') return void socket.destroy();
      if (fault?.kind === 'hang') return this.faults.onClear(() => socket.destroy());
      request.body = await this.readBody(incoming, fault?.kind === 'cutRequest' ? fault.afterBytes : MAX_BODY_BYTES);
      if (fault?.kind === 'damageOnTheWay') request.body = damaged(request.body);
      request.storeDamaged = fault?.kind === 'damageInStore';
      const answer = await this.answerOf(request, fault, record);
      if (fault?.kind === 'loseAnswer') return void socket.destroy();
      if (fault?.kind === 'otherTag') answer.headers['etag'] = fault.etag;
      record.status = answer.status;
      await this.write(answer, outgoing, fault);
    } catch {
      // The client has gone, or this fault cut it off; there is nobody to tell.
      socket.destroy();
    } finally {
      leave();
    }
  }

  private async answerOf(
    request: S3Request,
    fault: S3FaultAction | undefined,
    record: S3RequestRecord,
  ): Promise<FrontAnswer> {
    try {
      if (fault?.kind === 'status')
        throw new S3Error(fault.status, fault.code ?? 'InternalError', 'A fault on demand.');
      if (fault?.kind === 'pretend')
        return { status: 200, headers: { etag: '"pretended"' }, body: Buffer.from(fault.body ?? '') };
      return await this.respond(request);
    } catch (error) {
      const refusal = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error));
      record.code = refusal.code;
      const body = Buffer.from(request.method === 'HEAD' ? '' : refusal.toXml());
      return { status: refusal.status, headers: { 'content-type': 'application/xml' }, body };
    }
  }

  private async readBody(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      this.stats.bytesIn += chunk.length;
      if (sizeBytes > limitBytes) throw new Error('the body is too large, for a test server or on demand');
      chunks.push(chunk);
      await this.brake(chunk.length);
    }
    return Buffer.concat(chunks);
  }

  private async write(answer: FrontAnswer, outgoing: ServerResponse, fault: S3FaultAction | undefined): Promise<void> {
    const { status, headers, body } = answer;
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) outgoing.setHeader(name, value);
    if (Buffer.isBuffer(body) && body.length > 0) outgoing.setHeader('content-length', body.length);
    outgoing.writeHead(status);
    const source = Buffer.isBuffer(body) ? Readable.from(body.length > 0 ? [body] : []) : body;
    const limitBytes = fault?.kind === 'cutBody' ? fault.afterBytes : Number.POSITIVE_INFINITY;
    await pipeline(source, (chunks) => this.meter(chunks as AsyncIterable<Buffer>, limitBytes), outgoing);
  }

  private async *meter(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
    let leftBytes = limitBytes;
    for await (const chunk of chunks) {
      const part = chunk.subarray(0, leftBytes);
      this.stats.bytesOut += part.length;
      yield part;
      leftBytes -= part.length;
      if (leftBytes <= 0) {
        await delay(20); // lets the bytes out before the cut
        throw new Error('cut on demand');
      }
      await this.brake(part.length);
    }
  }

  private async brake(bytes: number): Promise<void> {
    if (this.faults.bytesPerSec !== null) await delay((bytes / this.faults.bytesPerSec) * 1_000);
  }
}
