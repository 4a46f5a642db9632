import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

const MAX_REQUEST_BYTES = 256 * 1024;

/** Node.js reads and writes headers as Latin-1: text in UTF-8 has to be made to look like it, and back. */
export function toWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The reverse, unless it was Latin-1. */
export function fromWire(header: string | undefined): string | undefined {
  const bytes = header === undefined ? undefined : Buffer.from(header, 'latin1');
  return bytes && isUtf8(bytes) ? bytes.toString('utf8') : header;
}

/** Undefined for one that is too long. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
