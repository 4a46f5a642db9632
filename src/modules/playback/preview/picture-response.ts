import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Request, Response } from 'express';
import type { ObjectInfo } from '../../storage/index.js';
import { isFresh } from '../video-response.js';

/** A copy may be kept, but is asked about each time: the playback may be deleted, the token revoked. */
export const KEEP_AND_ASK = 'private, no-cache';

export interface PictureSource {
  info: Pick<ObjectInfo, 'sizeBytes' | 'etag'>;
  open(): Promise<Readable>;
}

/** Answers GET and HEAD with a JPEG, or with 304 when the client has it. Throws only before anything was sent: a picture fits into memory. */
export async function sendPicture(request: Request, response: Response, picture: PictureSource): Promise<void> {
  const { info } = picture;
  response.setHeader('Cache-Control', KEEP_AND_ASK);
  if (info.etag !== '') response.setHeader('ETag', info.etag);
  if (isFresh(request, info.etag)) return void response.status(304).end();
  const isHead = request.method === 'HEAD';
  const body = isHead ? null : await buffer(await picture.open());
  response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': body?.length ?? info.sizeBytes });
  response.end(body ?? undefined);
}
