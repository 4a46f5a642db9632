import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tools/free-port.js';

interface SlowLinkOptions {
  /** Bytes per second towards the server, of all connections together; null is no limit. */
  bytesPerSec: number | null;
}

/** How far what is sent may run ahead of the rate. */
const BURST_MS = 20;
/** A busy process wakes up late: so much of the link's time is not lost by that. */
const LATE_MS = 100;
/** Small pieces, so that connections share the link evenly and a new rate holds at once. */
const PIECE_BYTES = 16 * 1024;
/** A wait looks again this often whether the rate has changed. */
const WAIT_MS = 20;

/** A TCP proxy for an uplink: what clients send shares one rate, what they receive is not limited. */
export class SlowLink {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;
  /** When the link is free for the next piece, on the clock of `performance`. */
  private freeAtMs = 0;
  /** Bytes that went on to the server. */
  sentBytes = 0;

  private constructor(
    private readonly target: { host: string; port: number },
    private bytesPerSec: number | null,
  ) {}

  static async start(url: string, { bytesPerSec }: SlowLinkOptions): Promise<SlowLink> {
    const { hostname, port } = new URL(url);
    const link = new SlowLink({ host: hostname, port: Number(port) }, bytesPerSec);
    link.port = await freePort();
    link.server = createServer({ allowHalfOpen: true }, (client) => link.take(client)).listen(link.port, '127.0.0.1');
    await once(link.server, 'listening');
    return link;
  }

  /** The same address, by way of this link. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.origin;
  }

  setRate(bytesPerSec: number | null): void {
    this.bytesPerSec = bytesPerSec;
    this.freeAtMs = Math.min(this.freeAtMs, performance.now());
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    const closed = server && once(server, 'close');
    server?.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /**
   * What was sent and has not passed stands at the sender's end of the link, as it would in the sender's kernel: a client that resets its
   * connection takes it back, one that only closes it does not.
   */
  private take(client: Socket): void {
    this.keep(client);
    const target = connect({ ...this.target, noDelay: true });
    this.keep(target);
    const waiting: Buffer[] = [];
    let isPassing = false;
    const pass = async () => {
      if (isPassing) return;
      isPassing = true;
      for (let piece = waiting.shift(); piece; piece = waiting.shift()) await this.pass(piece, target);
      isPassing = false;
      if (client.readableEnded) target.end();
    };
    client.on('data', (chunk: Buffer) => {
      for (let from = 0; from < chunk.length; from += PIECE_BYTES)
        waiting.push(chunk.subarray(from, from + PIECE_BYTES));
      void pass();
    });
    client.once('end', () => void pass());
    client.once('error', () => {
      waiting.length = 0;
      target.destroy();
    });
    target.pipe(client);
    target.once('close', () => client.destroy());
  }

  private async pass(piece: Buffer, target: Socket): Promise<void> {
    await this.turn(piece.length, target);
    if (target.destroyed) return;
    this.sentBytes += piece.length;
    if (!target.write(piece)) await once(target, 'drain').catch(() => undefined);
  }

  /** Waits until the link has room for a piece. */
  private async turn(bytes: number, target: Socket): Promise<void> {
    while (!target.destroyed) {
      const nowMs = performance.now();
      const waitMs = this.bytesPerSec === null ? 0 : this.freeAtMs - nowMs;
      if (waitMs <= BURST_MS) {
        const costMs = this.bytesPerSec === null ? 0 : (bytes / this.bytesPerSec) * 1_000;
        this.freeAtMs = Math.max(this.freeAtMs, nowMs - LATE_MS) + costMs;
        return;
      }
      await sleep(Math.min(waitMs, WAIT_MS));
    }
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined); // either side may go at any time
    socket.once('close', () => this.sockets.delete(socket));
  }
}
