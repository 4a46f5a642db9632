import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { AppError } from '../../common/errors.js';
import { type ByteRange, formatContentRange, type ObjectInfo, parseRange } from '../storage/index.js';

export interface VideoSource {
  info: Pick<ObjectInfo, 'sizeBytes' | 'etag' | 'lastModified'>;
  contentDisposition: string;
  open(range?: ByteRange): Promise<Readable>;
}

/**
 * Answers GET and HEAD with a video or the part of it that was asked for: 200, 206, 304 or 416 (RFC 9110).
 * Throws only before anything was sent. Later failures cut the connection, because a short body must not look like a whole one.
 * @returns what broke the transfer on our side; null when all went out or the client left
 */
export async function sendVideo(request: Request, response: Response, source: VideoSource): Promise<unknown> {
  const { sizeBytes, etag, lastModified } = source.info;
  const headers = {
    'Accept-Ranges': 'bytes',
    // A copy may be kept, but is asked about each time: the playback may be deleted, the token revoked.
    'Cache-Control': 'private, no-cache',
    ...(etag === '' ? {} : { ETag: etag }),
    'Last-Modified': lastModified.toUTCString(),
  };
  if (isFresh(request, etag)) {
    response.writeHead(304, headers).end();
    return null;
  }
  const { range } = readRange(request, response, sizeBytes, etag);
  const bodyBytes = range ? range.end - range.start + 1 : sizeBytes;
  const body = request.method === 'HEAD' ? null : await source.open(range);
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'Content-Type': 'video/mp4',
    'Content-Length': bodyBytes,
    'Content-Disposition': source.contentDisposition,
    ...(range ? { 'Content-Range': formatContentRange(range, sizeBytes) } : {}),
  });
  if (body) return copy(body, response, bodyBytes);
  response.end();
  return null;
}

/** RFC 9110 13.1.2: tags are compared weakly. `If-Modified-Since` is not used: a second is a long time for a file. */
export function isFresh(request: Request, etag: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined || etag === '') return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/** RFC 9110 14.2: a range means something for GET alone. */
function readRange(request: Request, response: Response, sizeBytes: number, etag: string): { range?: ByteRange } {
  if (request.method !== 'GET') return {};
  const asked = parseRange({ range: request.get('range'), ifRange: request.get('if-range') }, sizeBytes, etag);
  if (asked.kind === 'part') return { range: asked.range };
  if (asked.kind === 'whole') return {};
  response.setHeader('Content-Range', formatContentRange(null, sizeBytes));
  throw new AppError({
    code: 'PLAYBACK.BAD_RANGE',
    values: { sizeBytes },
  });
}

/** Neither side outlives the other: a client that leaves ends the reading, a broken source ends the connection. */
async function copy(body: Readable, response: Response, bodyBytes: number): Promise<unknown> {
  let sentBytes = 0;
  let sourceError: unknown = null;
  body.once('error', (error) => (sourceError = error));
  try {
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sentBytes += chunk.length;
          if (sentBytes > bodyBytes) throw (sourceError = wrongLength(bodyBytes));
          yield chunk;
        }
        if (sentBytes < bodyBytes) throw (sourceError = wrongLength(bodyBytes));
      },
      response,
    );
    return null;
  } catch {
    return sourceError; // null: the client left, which is its right
  }
}

function wrongLength(bodyBytes: number): Error {
  return new Error(`the store did not give the ${bodyBytes} bytes that it promised`);
}
