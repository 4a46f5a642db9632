import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';

/** Bytes for a player, of which the length is known beforehand. */
export interface StreamBody {
  sizeBytes: number;
  open(): Promise<Readable>;
}

/** Bytes under one name never change. `Vary`: what one user may see is not for the next one at the same browser. */
const IMMUTABLE = { 'Cache-Control': 'private, max-age=3600, immutable', Vary: 'Authorization' };

/**
 * Answers GET and HEAD with MP4 bytes. Throws only before anything was sent; later failures cut the connection.
 * @returns what broke the transfer on our side; null when all went out or the client left
 */
export async function sendStreamBody(request: Request, response: Response, body: StreamBody): Promise<unknown> {
  const bytes = request.method === 'HEAD' ? null : await body.open();
  response.writeHead(200, { ...IMMUTABLE, 'Content-Type': 'video/mp4', 'Content-Length': body.sizeBytes });
  if (!bytes) {
    response.end();
    return null;
  }
  let sourceError: unknown = null;
  bytes.once('error', (error) => (sourceError = error));
  try {
    await pipeline(bytes, response);
    return null;
  } catch {
    return sourceError; // null: the client left, which is its right
  }
}

/** One stream of several; the first is there before this resolves, so that what is missing is noticed in time. */
export async function openInTurn(sources: readonly (() => Promise<Readable>)[]): Promise<Readable> {
  const [openFirst, ...others] = sources;
  const first = await openFirst!();
  if (others.length === 0) return first;
  const all = Readable.from(readInTurn(first, others), { objectMode: false });
  // Also when nobody has begun to read.
  all.once('close', () => first.destroy());
  return all;
}

async function* readInTurn(first: Readable, others: readonly (() => Promise<Readable>)[]): AsyncGenerator<Buffer> {
  yield* first as AsyncIterable<Buffer>;
  for (const open of others) yield* (await open()) as AsyncIterable<Buffer>;
}
