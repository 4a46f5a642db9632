import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError, messageOf } from '../../common/errors.js';
import { unreachable } from './domain/unreachable.js';
import { formatHost } from './domain/host.js';
import { RtspAnswerReader, type RtspResponse } from './domain/rtsp-message.js';
import { parseSdp, type StreamInfo } from './domain/sdp.js';
import { isSdpTooLarge } from './domain/sdp-size.js';
import { maskFor } from './domain/stream-mask.js';
import type { StreamLocation } from './domain/stream-location.js';
import { parseStreamUrl } from './domain/stream-url.js';
import { authorize, parseChallenges } from './http-auth.js';

export interface StreamDescription {
  streams: StreamInfo[];
}

/** What FFmpeg can copy into MP4. */
const SUPPORTED_VIDEO = new Set(['h264', 'hevc', 'mjpeg', 'mpeg4']);
const TOO_LARGE = 'answered, but not with RTSP: it says more than any camera does.';
/** First without credentials, then with; once more when the camera calls the nonce stale. */
const MAX_ATTEMPTS = 3;

/**
 * Asks the camera what its stream holds (RTSP DESCRIBE, RFC 2326), without starting it and without any process that shows the password.
 * @throws AppError `CAMERA.UNREACHABLE`, `CAMERA.WRONG_PASSWORD`, `CAMERA.STREAM_NOT_FOUND`, `CAMERA.BUSY_SESSIONS`,
 *   `CAMERA.NO_VIDEO`, `CAMERA.UNSUPPORTED_CODEC`, `CAMERA.RTSP_FAILED`
 */
export async function describeStream(
  location: StreamLocation,
  options: { timeoutMs: number },
): Promise<StreamDescription> {
  const where = `${formatHost(location.address)}:${location.port}`;
  const exchange = new RtspExchange(location, where, options.timeoutMs);
  try {
    const response = await describeWithLogin(exchange, location);
    if (response.status !== 200) throw refusal(response, location, where);
    if (isSdpTooLarge(response.body))
      throw new AppError({ code: 'CAMERA.RTSP_FAILED', message: `The camera at ${where} ${TOO_LARGE}` });
    return { streams: checkStreams(parseSdp(response.body), maskFor(location)) };
  } finally {
    exchange.close();
  }
}

async function describeWithLogin(exchange: RtspExchange, location: StreamLocation): Promise<RtspResponse> {
  const { username, password = '', url } = location;
  let response = await exchange.describe();
  for (let attempt = 2; attempt <= MAX_ATTEMPTS && response.status === 401 && username !== undefined; attempt++) {
    const challenges = parseChallenges(response.headers.get('www-authenticate') ?? []);
    if (attempt > 2 && !challenges.some(({ params }) => params['stale']?.toLowerCase() === 'true')) break;
    const authorization = authorize({ challenges, method: 'DESCRIBE', uri: url, username, password });
    if (!authorization) {
      const message = 'The camera asks for a way to log in that is neither Digest nor Basic.';
      throw new AppError({ code: 'CAMERA.RTSP_FAILED', message });
    }
    response = await exchange.describe(authorization);
  }
  return response;
}

function checkStreams(streams: StreamInfo[], mask: (text: string) => string): StreamInfo[] {
  const videos = streams.filter(({ kind }) => kind === 'video');
  if (videos.length === 0) {
    throw new AppError({ code: 'CAMERA.NO_VIDEO' });
  }
  if (!videos.some(({ codec }) => SUPPORTED_VIDEO.has(codec))) {
    const codec = mask(videos[0]?.codec ?? '').slice(0, 30);
    throw new AppError({ code: 'CAMERA.UNSUPPORTED_CODEC', values: { codec } });
  }
  return streams;
}

/** Translates an RTSP status (RFC 2326, section 11). */
function refusal({ status, reason }: RtspResponse, location: StreamLocation, where: string): AppError {
  if (status === 401 || status === 403) {
    if (location.username !== undefined) return new AppError({ code: 'CAMERA.WRONG_PASSWORD', values: { where } });
    const message = `The camera at ${where} asks for a user name and password for its stream, and none is stored.`;
    return new AppError({ code: 'CAMERA.WRONG_PASSWORD', message });
  }
  if (status === 404 || status === 410 || status === 454) {
    return new AppError({ code: 'CAMERA.STREAM_NOT_FOUND', values: { where } });
  }
  if (status === 453) {
    return new AppError({ code: 'CAMERA.BUSY_SESSIONS', values: { who: `The camera at ${where}` } });
  }
  if (status >= 300 && status < 400) {
    const message = `The camera at ${where} sends to another address, which is not followed: use that address itself.`;
    return new AppError({ code: 'CAMERA.RTSP_FAILED', message });
  }
  const said = maskFor(location)(reason)
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, 60);
  return new AppError({ code: 'CAMERA.RTSP_FAILED', values: { where, answer: `${status} ${said}`.trim() } });
}

/** One conversation: keeps its connection from request to request, because a nonce may belong to it, and has one deadline. */
class RtspExchange {
  private socket: Socket | undefined;
  private sequence = 0;
  private readonly deadline: AbortSignal;

  constructor(
    private readonly location: StreamLocation,
    private readonly where: string,
    private readonly timeoutMs: number,
  ) {
    this.deadline = AbortSignal.timeout(timeoutMs);
  }

  async describe(authorization?: string): Promise<RtspResponse> {
    const kept = this.socket;
    if (kept?.readyState === 'open') {
      try {
        return await this.send(kept, authorization);
      } catch (error) {
        // Some cameras close behind their challenge: then the answer goes over a new connection.
        if (this.deadline.aborted) throw error;
        kept.destroy();
      }
    }
    return this.send(await this.connect(), authorization);
  }

  close(): void {
    this.socket?.destroy();
  }

  private connect(): Promise<Socket> {
    const { address, port, url } = this.location;
    const { scheme, host } = parseStreamUrl(url);
    const target = { host: address, port };
    return new Promise((resolve, reject) => {
      // Cameras sign their own certificates; FFmpeg does not check them either (`tls_verify` is 0).
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const socket =
        scheme === 'rtsps' ? connectTls({ ...target, ...servername, rejectUnauthorized: false }) : connect(target);
      this.socket = socket;
      const abort = () => socket.destroy(new Error('timed out'));
      this.deadline.addEventListener('abort', abort, { once: true });
      if (this.deadline.aborted) abort();
      socket.once(scheme === 'rtsps' ? 'secureConnect' : 'connect', () => resolve(socket));
      socket.on('error', (error) => reject(unreachable(this.where, error)));
      socket.once('close', () => {
        this.deadline.removeEventListener('abort', abort);
        reject(unreachable(this.where, new Error('closed')));
      });
    });
  }

  private send(socket: Socket, authorization: string | undefined): Promise<RtspResponse> {
    this.sequence += 1;
    const lines = [
      `DESCRIBE ${this.location.url} RTSP/1.0`,
      `CSeq: ${this.sequence}`,
      'Accept: application/sdp',
      'User-Agent: hindsight',
      ...(authorization ? [`Authorization: ${authorization}`] : []),
    ];
    return new Promise((resolve, reject) => {
      const reader = new RtspAnswerReader();
      const fail = (what: string) =>
        reject(new AppError({ code: 'CAMERA.RTSP_FAILED', message: `The camera at ${this.where} ${what}` }));
      socket.removeAllListeners('data');
      socket.on('data', (chunk: Buffer) => {
        const response = reader.push(chunk);
        if (response === 'incomplete') return;
        socket.removeAllListeners('data');
        if (typeof response === 'object') return resolve(response);
        socket.destroy();
        fail(response === 'too_large' ? TOO_LARGE : 'answered, but not with RTSP: check the port.');
      });
      socket.once('error', (error) => {
        if (!this.deadline.aborted) fail(`broke off the connection (${messageOf(error)}).`);
      });
      socket.once('close', () =>
        fail(
          this.deadline.aborted
            ? `did not answer within ${this.timeoutMs} ms.`
            : 'closed the connection without an answer.',
        ),
      );
      // What `authorize` gives are bytes.
      socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    });
  }
}
