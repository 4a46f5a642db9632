import { createHash } from 'node:crypto';
import { type Socket } from 'node:net';
import { startRawServer, type TestServer } from './servers.js';

export const H264_SDP = [
  'v=0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMAAQAAAwAyDxYuSA==,aMuDyyA=',
  'm=audio 0 RTP/AVP 0',
  '',
].join('\r\n');

export interface RtspRequest {
  method: string;
  uri: string;
  authorization: string | undefined;
}

export interface FakeRtsp extends TestServer {
  requests: RtspRequest[];
  connections(): number;
}

export interface RtspAnswer {
  status: string;
  headers?: string[];
  body?: string;
  /** Close the connection behind the answer. */
  close?: boolean;
}

/** An RTSP server that answers each request as `answer` says; undefined: not at all. */
export async function startFakeRtsp(
  answer: (request: RtspRequest, n: number) => RtspAnswer | undefined,
): Promise<FakeRtsp> {
  const requests: RtspRequest[] = [];
  let connections = 0;
  const server = await startRawServer((socket: Socket) => {
    connections += 1;
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const [method = '', uri = ''] = head.split(' ');
        const request = { method, uri, authorization: /^Authorization: (.*)$/im.exec(head)?.[1]?.trim() };
        requests.push(request);
        const reply =
          method === 'OPTIONS'
            ? { status: '200 OK', headers: ['Public: OPTIONS, DESCRIBE'] }
            : answer(request, requests.length);
        if (!reply) return;
        const { status, headers = [], body = '', close } = reply;
        const cseq = /^CSeq: (\d+)$/im.exec(head)?.[1] ?? '0';
        socket.write(
          [
            `RTSP/1.0 ${status}`,
            `CSeq: ${cseq}`,
            ...headers,
            `Content-Length: ${Buffer.byteLength(body)}`,
            '',
            body,
          ].join('\r\n'),
        );
        if (close) socket.end();
      }
    });
  });
  return { ...server, requests, connections: () => connections };
}

/**
 * Checks a Digest answer the way a server does; written apart from the code under test.
 * @param encoding how the bytes of the header were read
 */
export function digestIsRight(
  header: string,
  method: string,
  username: string,
  password: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): boolean {
  const asRead = (text: string) => Buffer.from(text, 'utf8').toString(encoding);
  const field = (name: string) =>
    new RegExp(`[ ,]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^,\\s]+))`)
      .exec(header)
      ?.slice(1)
      .find((text) => text !== undefined);
  const algorithm = field('algorithm')?.startsWith('SHA-256') ? 'sha256' : 'md5';
  const hash = (text: string) => createHash(algorithm).update(Buffer.from(text, encoding)).digest('hex');
  const ha1 = hash(`${asRead(username)}:${field('realm')}:${asRead(password)}`);
  const ha2 = hash(`${method}:${field('uri')}`);
  const middle = field('qop') ? `${field('nonce')}:${field('nc')}:${field('cnonce')}:${field('qop')}` : field('nonce');
  return field('response') === hash(`${ha1}:${middle}:${ha2}`);
}
