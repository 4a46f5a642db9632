import { type CameraProfileName, startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it } from '@jest/globals';
import { redactor } from '../../../src/common/redaction.js';
import type { StreamLocation } from '../../../src/modules/camera/domain/stream-location.js';
import { describeStream } from '../../../src/modules/camera/rtsp-describe.client.js';
import { digestIsRight, H264_SDP, type RtspAnswer, type RtspRequest, startFakeRtsp } from './support/fake-rtsp.js';
import { startBlackHole } from './support/black-hole.js';
import { closedPort, startRawServer } from './support/servers.js';

const TIMEOUT_MS = 1_000;
const stops: (() => Promise<void>)[] = [];
const odd = { username: `us"er\\`, password: `p@ß:w/rd#%&"'?é€😀` };

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const locationAt = (port: number, login: { username?: string; password?: string } = {}): StreamLocation => ({
  url: `rtsp://127.0.0.1:${port}/main`,
  address: '127.0.0.1',
  port,
  source: 'rtspUrl',
  ...login,
});

async function server(answer: (request: RtspRequest, n: number) => RtspAnswer | undefined) {
  const fake = await startFakeRtsp(answer);
  stops.push(fake.stop);
  return fake;
}

const found = { status: '200 OK', headers: ['Content-Type: application/sdp'], body: H264_SDP };
const look = (port: number, login = {}) => describeStream(locationAt(port, login), { timeoutMs: TIMEOUT_MS });
const failsWith = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('describeStream', () => {
  it('describes an open stream', async () => {
    const { port } = await server(() => found);
    expect(await look(port)).toEqual({
      streams: [
        { kind: 'video', codec: 'h264', width: 640, height: 360 },
        { kind: 'audio', codec: 'pcm_mulaw', sampleRate: 8000, channels: 1 },
      ],
    });
  });

  it.each(['latin1', 'utf8'] as const)('logs in by Digest where the realm is in %s', async (encoding) => {
    const login = { username: '\u00e4dmin', password: 'p\u00e4' };
    const challenge = Buffer.from('WWW-Authenticate: Digest realm="Cam\u00e9ra", nonce="n"', encoding);
    const fake = await startRawServer((socket) =>
      socket.on('data', (chunk) => {
        const authorization = /^Authorization: (.*)$/im.exec(chunk.toString('latin1'))?.[1]?.trim() ?? '';
        const { username, password } = login;
        if (digestIsRight(authorization, 'DESCRIBE', username, password, 'latin1')) {
          socket.write(`RTSP/1.0 200 OK\r\nContent-Length: ${H264_SDP.length}\r\n\r\n${H264_SDP}`);
        } else {
          const head = Buffer.from('RTSP/1.0 401 Unauthorized\r\nContent-Length: 0\r\n');
          socket.write(Buffer.concat([head, challenge, Buffer.from('\r\n\r\n')]));
        }
      }),
    );
    stops.push(fake.stop);
    expect((await look(fake.port, login)).streams).toHaveLength(2);
  });

  it.each<[string, string[]]>([
    ['Digest MD5 without qop', ['Digest realm="r", nonce="n"']],
    ['Digest MD5 with qop', ['Digest realm="r", nonce="n", qop="auth", algorithm=MD5']],
    ['Digest SHA-256', ['Digest realm="r", nonce="n", algorithm=SHA-256', 'Digest realm="r", nonce="m"']],
    ['Basic', ['Basic realm="r"']],
  ])('logs in by %s with odd characters, on the same connection', async (scheme, challenges) => {
    const isRight = (header: string) =>
      scheme === 'Basic'
        ? header === `Basic ${Buffer.from(`${odd.username}:${odd.password}`).toString('base64')}`
        : digestIsRight(header, 'DESCRIBE', odd.username, odd.password);
    const headers = challenges.map((challenge) => `WWW-Authenticate: ${challenge}`);
    const fake = await server(({ authorization }) =>
      authorization && isRight(authorization) ? found : { status: '401 Unauthorized', headers },
    );
    expect((await look(fake.port, odd)).streams).toHaveLength(2);
    expect(fake.requests).toHaveLength(2);
    expect(fake.connections()).toBe(1);
    await expect(look(fake.port, { ...odd, password: 'wrong' })).rejects.toEqual(
      failsWith('CAMERA.WRONG_PASSWORD', 'refuses'),
    );
    await expect(look(fake.port)).rejects.toEqual(failsWith('CAMERA.WRONG_PASSWORD', 'none is stored'));
    expect(fake.requests).toHaveLength(5);
  });

  it('comes back when the server closes behind the challenge, and for a stale nonce', async () => {
    const challenge = (nonce: string, more = '') => [`WWW-Authenticate: Digest realm="r", nonce="${nonce}"${more}`];
    const closing = await server(({ authorization }) =>
      authorization ? found : { status: '401 Unauthorized', headers: challenge('n'), close: true },
    );
    expect((await look(closing.port, odd)).streams).toHaveLength(2);
    expect(closing.connections()).toBe(2);
    const stale = await server(({ authorization }) => {
      if (authorization?.includes('nonce="new"')) return found;
      return {
        status: '401 Unauthorized',
        headers: authorization ? challenge('new', ', stale=true') : challenge('old'),
      };
    });
    expect((await look(stale.port, odd)).streams).toHaveLength(2);
  });

  it.each<[RtspAnswer, string, string]>([
    [{ status: '403 Forbidden' }, 'CAMERA.WRONG_PASSWORD', 'none is stored'],
    [{ status: '404 Not Found' }, 'CAMERA.STREAM_NOT_FOUND', 'check the path'],
    [{ status: '453 Not Enough Bandwidth' }, 'CAMERA.BUSY_SESSIONS', 'as many viewers as it can'],
    [{ status: '302 Moved', headers: ['Location: rtsp://169.254.169.254/'] }, 'CAMERA.RTSP_FAILED', 'not followed'],
    [{ status: '503 Service Unavailable' }, 'CAMERA.RTSP_FAILED', '503 Service Unavailable'],
    [{ status: '401 Unauthorized' }, 'CAMERA.WRONG_PASSWORD', 'none is stored'],
    [{ status: '200 OK' }, 'CAMERA.NO_VIDEO', 'no video'],
    [{ status: '200 OK', body: '<html>' }, 'CAMERA.NO_VIDEO', 'no video'],
    [{ status: '200 OK', body: 'm=audio 0 RTP/AVP 0' }, 'CAMERA.NO_VIDEO', 'no video'],
    [{ status: '200 OK', body: 'm=video 0 RTP/AVP 99\na=rtpmap:99 VP9/90000' }, 'CAMERA.UNSUPPORTED_CODEC', 'vp9'],
  ])('translates %j', async (answer, code, message) => {
    const { port } = await server(() => answer);
    await expect(look(port)).rejects.toEqual(failsWith(code, message));
  });

  it('repeats what a camera says as it was said, whosever secret it guesses, but for its own password', async () => {
    redactor.add('jwt-secret-guess');
    const { port } = await server(() => ({ status: '503 jwt-secret-guess admin-guess own-password' }));
    await expect(look(port, { username: 'u', password: 'own-password' })).rejects.toEqual(
      failsWith('CAMERA.RTSP_FAILED', '503 jwt-secret-guess admin-guess ***'),
    );
  });

  it('says so when it knows none of the ways to log in', async () => {
    const { port } = await server(() => ({ status: '401 Unauthorized', headers: ['WWW-Authenticate: Negotiate'] }));
    await expect(look(port, odd)).rejects.toEqual(failsWith('CAMERA.RTSP_FAILED', 'neither Digest nor Basic'));
  });

  it('tells an unreachable host from one that does not speak RTSP', async () => {
    await expect(look(await closedPort())).rejects.toEqual(failsWith('CAMERA.UNREACHABLE', 'refused the connection'));
    const hole = await startBlackHole();
    stops.push(hole.stop);
    await expect(look(hole.port)).rejects.toEqual(failsWith('CAMERA.UNREACHABLE', 'did not answer'));
  });

  it.each<[string, Parameters<typeof startRawServer>[0], string]>([
    ['hangs', () => undefined, 'did not answer within 1000 ms'],
    ['closes at once', (socket) => socket.end(), 'closed the connection without an answer'],
    ['closes in the middle', (socket) => socket.end('RTSP/1.0 200 OK\r\nCont'), 'closed the connection'],
    ['resets', (socket) => socket.on('data', () => socket.resetAndDestroy()), 'broke off'],
    ['speaks HTTP', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), 'not with RTSP'],
    [
      'never ends its headers',
      (socket) => socket.write(`RTSP/1.0 200 OK\r\n${'a: b\r\n'.repeat(40_000)}`),
      'not with RTSP',
    ],
    ['drips', (socket) => drip(socket, 'RTSP/1.0 200 OK\r\n'), 'did not answer within'],
    [
      'answers with streams without end',
      (socket) => socket.write(`RTSP/1.0 200 OK\r\nContent-Length: 60000\r\n\r\n${'m=video 0 a 0\n\n'.repeat(4_000)}`),
      'says more than any camera',
    ],
  ])('fails in time on a server that %s', async (_what, onConnection, message) => {
    const { port, stop } = await startRawServer(onConnection);
    stops.push(stop);
    const begun = performance.now();
    await expect(look(port, odd)).rejects.toEqual(failsWith('CAMERA.RTSP_FAILED', message));
    expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + 1_000);
  });

  it('is refused at its limit, wherever a head of 27,000 lines is cut, and leaves the rest unread', async () => {
    const head = Buffer.from(`RTSP/1.0 200 OK\r\n${'a:\r\n'.repeat(27_000)}Content-Length: 9\r\n\r\n`);
    let sent = 0;
    const { port, stop } = await startRawServer((socket) => {
      socket.setNoDelay(true);
      const send = () => {
        if (socket.destroyed || sent === head.length) return;
        sent += 1;
        socket.write(head.subarray(sent - 1, sent), () => setImmediate(send));
      };
      send();
    });
    stops.push(stop);
    const described = describeStream(locationAt(port), { timeoutMs: 60_000 });
    await expect(described).rejects.toEqual(failsWith('CAMERA.RTSP_FAILED', 'says more than any camera'));
    // What the kernel holds between the two comes on top.
    expect(sent).toBeLessThan(head.length);
  }, 60_000);

  it('fails on a server that does not speak TLS', async () => {
    const { port } = await server(() => found);
    const location = { ...locationAt(port), url: `rtsps://camera.lan:${port}/main` };
    await expect(describeStream(location, { timeoutMs: TIMEOUT_MS })).rejects.toEqual(failsWith('CAMERA.UNREACHABLE'));
  });
});

function drip(
  socket: { write(text: string): unknown; on(event: 'close', act: () => void): unknown },
  text: string,
): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 50);
  socket.on('close', () => clearInterval(timer));
}

describe('describeStream on the virtual camera', () => {
  const login = { username: 'admin', password: `p@ss:w/rd#%&"?é` };

  it.each<[CameraProfileName, string, string | undefined]>([
    ['h264-aac', 'h264', 'aac'],
    ['h264-pcmu', 'h264', 'pcm_mulaw'],
    ['h264-silent', 'h264', undefined],
    ['h265', 'hevc', 'aac'],
    ['mjpeg', 'mjpeg', 'pcm_mulaw'],
  ])('reads %s', async (profile, video, audio) => {
    const camera = await startVirtualCamera({ profile, ...login });
    stops.push(() => camera.stop());
    const location = { ...locationAt(camera.rtspPort, login), url: camera.rtspUrl };
    const { streams } = await describeStream(location, { timeoutMs: TIMEOUT_MS });
    expect(streams.find(({ kind }) => kind === 'video')).toMatchObject({ codec: video });
    expect(streams.find(({ kind }) => kind === 'audio')?.codec).toBe(audio);
    if (video !== 'mjpeg') expect(streams[0]?.width).toBeGreaterThan(0);
    await expect(describeStream({ ...location, password: 'wrong' }, { timeoutMs: TIMEOUT_MS })).rejects.toEqual(
      failsWith('CAMERA.WRONG_PASSWORD'),
    );
    const elsewhere = { ...location, url: camera.rtspUrl.replace(/[^/]+$/, 'nowhere') };
    await expect(describeStream(elsewhere, { timeoutMs: TIMEOUT_MS })).rejects.toEqual(
      failsWith('CAMERA.STREAM_NOT_FOUND'),
    );
  });
});
