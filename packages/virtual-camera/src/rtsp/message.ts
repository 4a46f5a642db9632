import { isUtf8 } from 'node:buffer';

const MAX_HEADER_BYTES = 16_384;
const MAX_BODY_BYTES = 65_536;

export interface RtspRequest {
  method: string;
  uri: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

/** Thrown when the bytes are no RTSP; the connection cannot be used further. */
export class RtspSyntaxError extends Error {}

/** Cuts the bytes of a connection into requests; interleaved packets (the client's RTCP reports) are dropped. */
export class RtspReader {
  private rest: Buffer = Buffer.alloc(0);

  /** Takes in a chunk and returns the requests that are complete; throws RtspSyntaxError. */
  read(chunk: Buffer): RtspRequest[] {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    const requests: RtspRequest[] = [];
    for (let used = this.take(requests); used > 0; used = this.take(requests)) this.rest = this.rest.subarray(used);
    return requests;
  }

  /** Length of the first whole thing in the buffer, 0 when more bytes are needed. */
  private take(requests: RtspRequest[]): number {
    if (this.rest[0] === 0x24) {
      const size = this.rest.length < 4 ? Infinity : 4 + this.rest.readUInt16BE(2);
      return size <= this.rest.length ? size : 0;
    }
    const headerEnd = this.rest.indexOf('\r\n\r\n');
    if (headerEnd < 0 && this.rest.length <= MAX_HEADER_BYTES) return 0;
    if (headerEnd < 0 || headerEnd > MAX_HEADER_BYTES) throw new RtspSyntaxError('Header too long');
    const request = parseRequest(decode(this.rest.subarray(0, headerEnd)));
    const bodyBytes = Number(request.headers['content-length'] ?? 0);
    if (!(bodyBytes >= 0 && bodyBytes <= MAX_BODY_BYTES)) throw new RtspSyntaxError('Bad Content-Length');
    const size = headerEnd + 4 + bodyBytes;
    if (size > this.rest.length) return 0;
    requests.push(request);
    return size;
  }
}

/** Text in UTF-8, or in Latin-1 when it is none. */
function decode(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1');
}

function parseRequest(text: string): RtspRequest {
  const [start = '', ...lines] = text.replace(/^(\r\n)+/, '').split('\r\n');
  const match = /^([A-Z_]+) (\S+) RTSP\/1\.\d$/.exec(start);
  if (!match) throw new RtspSyntaxError('Not an RTSP request');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method: match[1] ?? '', uri: match[2] ?? '', headers };
}

const REASONS: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

export interface RtspResponse {
  status: number;
  /** A header with several values is sent once per value. */
  headers?: Record<string, string | string[]>;
  body?: string;
}

/** Bytes of a response. `charset` is that of its headers. */
export function formatResponse(
  response: RtspResponse,
  cseq: string | undefined,
  charset: 'utf8' | 'latin1' = 'utf8',
): Buffer {
  const { status, headers = {}, body = '' } = response;
  const lines = [`RTSP/1.0 ${status} ${REASONS[status] ?? 'Unknown'}`, `CSeq: ${cseq ?? 0}`, 'Server: Virtual Camera'];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) lines.push(`${name}: ${value}`);
  }
  if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, charset), Buffer.from(body)]);
}
