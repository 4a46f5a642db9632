import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { digestResponse, parseAuthParameters } from '../../../packages/virtual-camera/src/auth.js';

export interface RtspAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Head of a packet that came on the connection; RTCP has odd channels. */
export interface MediaPacket {
  channel: number;
  sequence: number;
  timestamp: number;
  atMs: number;
  bytes: Buffer;
}

/** A bare RTSP client: one request at a time, media is counted and kept. */
export class RtspClient {
  mediaPackets = 0;
  readonly packets: MediaPacket[] = [];
  closed = false;
  /** Why the connection ended, when it did not end well. */
  error: string | undefined;
  private rest: Buffer = Buffer.alloc(0);
  private cseq = 0;
  private waiting: ((answer: RtspAnswer) => void) | undefined;

  private constructor(
    readonly socket: Socket,
    private readonly url: string,
  ) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
    socket.on('close', () => (this.closed = true));
  }

  static async open(url: string): Promise<RtspClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RtspClient(socket, url);
  }

  async request(method: string, headers: Record<string, string> = {}, uri = this.url): Promise<RtspAnswer> {
    const answer = new Promise<RtspAnswer>((resolve, reject) => {
      this.waiting = resolve;
      this.socket.once('close', () => reject(new Error('connection closed')));
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`${method} ${uri} RTSP/1.0\r\nCSeq: ${++this.cseq}\r\n${lines.join('')}\r\n`);
    return answer;
  }

  setUp(track: number, transport = `RTP/AVP/TCP;unicast;interleaved=${track * 2}-${track * 2 + 1}`, session = {}) {
    return this.request('SETUP', { Transport: transport, ...session }, `${this.url}/trackID=${track}`);
  }

  /** SETUP of the video track and PLAY. */
  async play(): Promise<RtspAnswer> {
    const { headers } = await this.setUp(0);
    return this.request('PLAY', { Session: headers['session']?.split(';')[0] ?? '' });
  }

  /** `Authorization` for a request to this client's URL, from a 401. */
  digestFor(answer: RtspAnswer, method: string, username: string, password: string): { Authorization: string } {
    const { realm = '', nonce = '' } = parseAuthParameters(
      answer.headers['www-authenticate']?.replace('Digest ', '') ?? '',
    );
    const values = { username, realm, nonce, uri: this.url };
    const response = digestResponse({ ...values, password, method });
    const parameters = Object.entries({ ...values, response }).map(([name, value]) => `${name}="${value}"`);
    return { Authorization: `Digest ${parameters.join(', ')}` };
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (let used = this.take(); used > 0; used = this.take()) this.rest = this.rest.subarray(used);
  }

  private take(): number {
    if (this.rest[0] === 0x24) {
      const size = this.rest.length < 4 ? Infinity : 4 + this.rest.readUInt16BE(2);
      if (size > this.rest.length) return 0;
      const channel = this.rest.readUInt8(1);
      if (channel % 2 === 0) this.mediaPackets++;
      const bytes = Buffer.from(this.rest.subarray(4, size));
      const [sequence, timestamp] = [bytes.readUInt16BE(2), bytes.readUInt32BE(4)];
      this.packets.push({ channel, sequence, timestamp, atMs: Date.now(), bytes });
      return size;
    }
    const headerEnd = this.rest.indexOf('\r\n\r\n');
    if (headerEnd < 0) return 0;
    const [start = '', ...lines] = this.rest.toString('utf8', 0, headerEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const size = headerEnd + 4 + Number(headers['content-length'] ?? 0);
    if (size > this.rest.length) return 0;
    const body = this.rest.toString('utf8', headerEnd + 4, size);
    this.waiting?.({ status: Number(start.split(' ')[1]), headers, body });
    return size;
  }
}

/** Waits until `condition` holds; fails after `deadlineMs`. */
export async function until(what: string, condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
