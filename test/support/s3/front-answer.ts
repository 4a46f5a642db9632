import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

export interface FrontAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable | Buffer;
}

const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding'];

/** What may be passed on of another server's headers. */
export function endToEnd(headers: IncomingHttpHeaders): FrontAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
