import { Readable } from 'node:stream';
import type { Clock } from '../../common/clock.js';

const MAX_PIECE_BYTES = 65_536;
/** A piece is at most this much of the allowance, so that a slow line, too, is given out in small coins and to all in turn. */
const PIECE_MS = 100;
/** Time that went by unused may be made up for up to this much: timers are late by milliseconds, and that must not slow the line. */
const CREDIT_MS = 50;

/** What a body may be: at once from memory, or a stream that keeps to the allowance. */
export type Body = Buffer | Readable;

/** One allowance of bytes a second for everything that goes out through it, given in the order of asking. */
export class Bandwidth {
  private readonly pieceBytes: number;
  private tail: Promise<void> = Promise.resolve();
  private lastMs = Number.NEGATIVE_INFINITY;
  private creditMs = 0;

  /** @param bytesPerSec 0: no limit */
  constructor(
    private readonly bytesPerSec: number,
    private readonly clock: Clock,
  ) {
    this.pieceBytes = Math.max(1, Math.min(MAX_PIECE_BYTES, Math.floor((bytesPerSec * PIECE_MS) / 1_000)));
  }

  /** Hands `bytes` to `send` in a form that keeps to the allowance. Each attempt to send needs a call of its own. */
  async send<T>(bytes: Buffer, send: (body: Body) => Promise<T>): Promise<T> {
    return this.bytesPerSec === 0 ? send(bytes) : this.sendPieces([bytes], send);
  }

  /** The same for bytes that are not all in memory: the next piece is asked for when the one before it may go. */
  async sendPieces<T>(
    source: Iterable<Buffer> | AsyncIterable<Buffer>,
    send: (body: Readable) => Promise<T>,
  ): Promise<T> {
    const pieces = this.bytesPerSec === 0 ? source : this.metered(source);
    const body = Readable.from(pieces, { objectMode: false, highWaterMark: this.pieceBytes });
    // Of a source that fails: `send` may listen, and nobody has to.
    body.on('error', () => undefined);
    try {
      return await send(body);
    } finally {
      body.destroy();
    }
  }

  private async *metered(source: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of source) {
      for (let offset = 0; offset < bytes.length; offset += this.pieceBytes) {
        const piece = bytes.subarray(offset, offset + this.pieceBytes);
        await this.take(piece.length);
        yield piece;
      }
    }
  }

  /** Resolves when that many bytes may go. */
  private take(bytes: number): Promise<void> {
    this.tail = this.tail.then(() => this.pause((bytes / this.bytesPerSec) * 1_000));
    return this.tail;
  }

  private async pause(costMs: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    // A clock that was put back gives no credit, one that was put forward no more than the usual.
    this.creditMs = Math.min(CREDIT_MS, this.creditMs + Math.max(0, nowMs - this.lastMs)) - costMs;
    this.lastMs = nowMs;
    if (this.creditMs < 0) await this.clock.sleep(-this.creditMs);
  }
}
