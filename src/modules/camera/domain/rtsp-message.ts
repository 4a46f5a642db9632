import { ANSWER_LIMITS } from './answer-limits.js';

/** An RTSP answer; header names are in lower case, repeated headers keep all their values, read as Latin-1: no byte is lost. */
export interface RtspResponse {
  status: number;
  reason: string;
  headers: Map<string, string[]>;
  body: string;
}

export type RtspHead = Omit<RtspResponse, 'body'> & { contentLength: number };

const HEAD_END = '\r\n\r\n';

/**
 * Reads one RTSP answer (RFC 2326, section 7) from chunks of any size, in time that is linear in its bytes: every byte is looked at once, and
 * the head is parsed once, when it is whole. A device that drips an answer byte by byte costs no more than one that sends it at once.
 */
export class RtspAnswerReader {
  private readonly head = Buffer.allocUnsafe(ANSWER_LIMITS.rtspHeadBytes);
  private headBytes = 0;
  private parsed: RtspHead | undefined;
  private body = Buffer.alloc(0);
  private bodyBytes = 0;

  /** @param parse for tests, which count its calls */
  constructor(private readonly parse: (text: string) => RtspHead | 'malformed' | 'too_large' = parseRtspHead) {}

  /**
   * Takes the next bytes. After anything but 'incomplete' it is not to be called again.
   * @returns 'malformed' when they are no RTSP answer, 'too_large' when it has more of something than `ANSWER_LIMITS` allows
   */
  push(chunk: Buffer): RtspResponse | 'incomplete' | 'malformed' | 'too_large' {
    if (this.parsed) return this.takeBody(this.parsed, chunk);
    const before = this.headBytes;
    const taken = chunk.copy(this.head, before);
    this.headBytes += taken;
    const received = this.head.subarray(0, this.headBytes);
    if (before < 5 && !'RTSP/'.startsWith(received.toString('latin1', 0, 5))) return 'malformed';
    const end = received.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length + 1));
    if (end < 0) return this.headBytes < this.head.length ? 'incomplete' : 'too_large';
    const parsed = this.parse(received.toString('latin1', 0, end));
    if (typeof parsed === 'string') return parsed;
    this.parsed = parsed;
    this.body = Buffer.alloc(parsed.contentLength);
    return this.takeBody(parsed, chunk.subarray(end + HEAD_END.length - before));
  }

  private takeBody({ contentLength, ...head }: RtspHead, chunk: Buffer): RtspResponse | 'incomplete' {
    this.bodyBytes += chunk.copy(this.body, this.bodyBytes);
    return this.bodyBytes < contentLength ? 'incomplete' : { ...head, body: this.body.toString('utf8') };
  }
}

/** Parses status line and headers, without the blank line behind them. */
export function parseRtspHead(text: string): RtspHead | 'malformed' | 'too_large' {
  const [statusLine = '', ...lines] = text.split('\r\n', ANSWER_LIMITS.rtspHeaders + 2);
  if (lines.length > ANSWER_LIMITS.rtspHeaders) return 'too_large';
  const status = /^RTSP\/\d\.\d (\d{3})(?: (.*))?$/.exec(statusLine);
  if (!status) return 'malformed';
  const headers = parseHeaders(lines);
  const contentLength = Number(headers.get('content-length')?.[0] ?? 0);
  if (!Number.isInteger(contentLength) || contentLength < 0) return 'malformed';
  if (contentLength > ANSWER_LIMITS.rtspBodyBytes) return 'too_large';
  return { status: Number(status[1]), reason: status[2]?.trim() ?? '', headers, contentLength };
}

/** By hand: a pattern for it takes quadratic time on a line of blanks. */
function parseHeaders(lines: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (name === '' || /\s/.test(name)) continue;
    const value = line.slice(colon + 1).trimStart();
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return headers;
}
