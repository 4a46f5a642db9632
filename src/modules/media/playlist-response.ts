import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** Hours of segments are as many lines, all alike. */
const compress = promisify(gzip);

/** Answers with a playlist, which is another one a moment later. */
export async function sendPlaylist(request: Request, response: Response, text: string): Promise<void> {
  response.setHeader('Cache-Control', 'no-store').setHeader('Content-Type', PLAYLIST_TYPE).vary('Accept-Encoding');
  if (!request.acceptsEncodings('gzip')) return void response.send(Buffer.from(text));
  response.setHeader('Content-Encoding', 'gzip').send(await compress(text));
}
