import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RtspClient, until } from './rtsp-client.js';

const PASSWORD = 'p@ss:w/rd#%&"?é';

let camera: VirtualCamera;
const clients: RtspClient[] = [];

async function start(options: VirtualCameraOptions = {}): Promise<void> {
  camera = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 0.4, ...options });
}

async function open(url = camera.rtspUrl): Promise<RtspClient> {
  const client = await RtspClient.open(url);
  clients.push(client);
  return client;
}

afterEach(async () => {
  clients.splice(0).forEach((client) => client.close());
  await camera.stop();
});

describe('RTSP server', () => {
  beforeEach(() => start());

  it('describes its tracks', async () => {
    const answer = await (await open()).request('DESCRIBE', { Accept: 'application/sdp' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-base': `${camera.rtspUrl}/` } });
    expect(answer.body).toMatch(
      /m=video 0 RTP\/AVP 96\r\na=rtpmap:96 H264\/90000\r\na=fmtp:96 .*sprop-parameter-sets=\S+/,
    );
    expect(answer.body).toContain('m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000');
  });

  it('says what it can do to anybody', async () => {
    expect((await (await open()).request('OPTIONS')).headers['public']).toContain('GET_PARAMETER');
  });

  it.each([
    ['an unknown stream', 404, (client: RtspClient) => client.request('DESCRIBE', {}, `${camera.rtspUrl}x`)],
    ['a track that does not exist', 404, (client: RtspClient) => client.setUp(2)],
    ['UDP', 461, (client: RtspClient) => client.setUp(0, 'RTP/AVP;unicast;client_port=5000-5001')],
    ['PLAY before SETUP', 455, (client: RtspClient) => client.request('PLAY')],
    ['TEARDOWN before SETUP', 454, (client: RtspClient) => client.request('TEARDOWN')],
    ['a session of somebody else', 454, (client: RtspClient) => client.request('PLAY', { Session: 'abc' })],
    ['RECORD', 501, (client: RtspClient) => client.request('RECORD')],
  ])('refuses %s with %i', async (_what, status, ask) => {
    expect((await ask(await open())).status).toBe(status);
    expect(camera.stats().sessionsOpened).toBe(0);
  });

  it('answers 400 to what is no RTSP, and hangs up', async () => {
    const client = await open();
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('hung up', () => client.closed);
  });

  it('counts a session from SETUP to TEARDOWN', async () => {
    const client = await open();
    const { headers } = await client.play();
    expect(headers['rtp-info']).toMatch(/^url=rtsp:\/\/127\.0\.0\.1:\d+\/main\/trackID=0;seq=\d+;rtptime=\d+$/);
    await until('media', () => client.mediaPackets > 5);
    expect(camera.stats()).toMatchObject({ connectionsOpen: 1, sessionsOpen: 1, sessionsOpened: 1 });
    await client.request('TEARDOWN', { Session: headers['session']?.split(';')[0] ?? '' });
    const { sessionsOpen, sessions } = camera.stats();
    expect(sessionsOpen).toBe(0);
    expect(sessions[0]).toMatchObject({ stream: 'main', closedAt: expect.any(Date), firstFrame: { keyFrame: true } });
    expect(sessions[0]?.framesSent).toBe(camera.sentFrames().length);
  });

  it('ends the session when the client goes away', async () => {
    const client = await open();
    await client.play();
    client.close();
    await until('no session', () => camera.stats().sessionsOpen === 0 && camera.stats().connectionsOpen === 0);
  });

  it('sends each frame at the time it was taken', async () => {
    const client = await open();
    await client.play();
    await until('frames', () => camera.stats().framesSent >= 30);
    const lateMs = camera
      .sentFrames()
      .map((frame) => frame.sentAtMs - camera.frameTakenAtMs(frame.counter, frame.loop));
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0);
    const counters = camera.sentFrames().map(({ counter, loop }) => loop * camera.loopLength + counter);
    expect(counters).toEqual(counters.map((_, index) => (counters[0] ?? 0) + index));
  });
});

describe('authentication', () => {
  it('lets nobody in without the right password', async () => {
    await start({ username: 'admin', password: PASSWORD });
    const client = await open();
    const refused = await client.request('DESCRIBE');
    expect(refused.status).toBe(401);
    const wrong = await client.request('DESCRIBE', client.digestFor(refused, 'DESCRIBE', 'admin', 'wrong'));
    expect(wrong.status).toBe(401);
    const right = await client.request('DESCRIBE', client.digestFor(wrong, 'DESCRIBE', 'admin', PASSWORD));
    expect(right.status).toBe(200);
    expect((await client.setUp(0)).status).toBe(401);
    expect(camera.stats()).toMatchObject({ authFailures: 1, sessionsOpened: 0 });
  });
});

describe('limits', () => {
  it('refuses one session too many with 453, and takes it when there is room', async () => {
    await start({ maxSessions: 1 });
    const [first, second] = [await open(), await open()];
    await first.play();
    expect((await second.setUp(0)).status).toBe(453);
    expect(camera.stats()).toMatchObject({ sessionsOpen: 1, sessionsOpened: 1, sessionsRefused: 1 });
    first.close();
    await until('room', () => camera.stats().sessionsOpen === 0);
    expect((await second.setUp(0)).status).toBe(200);
  });

  it('drops a client that does not read', async () => {
    await start({ maxQueuedBytes: 100_000, video: { bitrateKbps: 20_000 } });
    const client = await open();
    await client.play();
    client.socket.pause();
    await until('dropped', () => camera.stats().slowClientsDropped === 1, 30_000);
    expect(camera.stats().sessionsOpen).toBe(0);
  });
});

describe('hand controls', () => {
  beforeEach(() => start());

  it('stalls and goes on at a key frame of the present', async () => {
    const client = await open();
    await client.play();
    await until('media', () => client.mediaPackets > 10);
    camera.pause();
    const before = camera.sentFrames().at(-1);
    expect((await client.request('GET_PARAMETER')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(camera.sentFrames().at(-1)).toEqual(before);
    camera.resume();
    const sent = camera.sentFrames().length;
    await until('media again', () => camera.sentFrames().length > sent);
    const after = camera.sentFrames()[sent];
    expect(after?.keyFrame).toBe(true);
    expect(after?.counter).toBeGreaterThan((before?.counter ?? 0) + 10);
    expect(client.closed).toBe(false);
  });

  it('drops its connections, and takes new ones', async () => {
    const client = await open();
    await client.play();
    camera.dropSessions();
    await until('closed', () => client.closed);
    expect(camera.stats().sessionsOpen).toBe(0);
    expect((await (await open()).play()).status).toBe(200);
  });

  it('refuses new connections and DESCRIBE while open sessions go on, then opens the same port again', async () => {
    const client = await open();
    await client.play();
    await camera.refuse(true);
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await client.request('DESCRIBE')).status).toBe(503);
    const received = client.mediaPackets;
    await until('media goes on', () => client.mediaPackets > received + 5);
    await camera.refuse(false);
    expect((await (await open()).request('DESCRIBE')).status).toBe(200);
  });

  it('stops with clients connected, also twice, and leaves its port free', async () => {
    const client = await open();
    await client.play();
    await Promise.all([camera.stop(), camera.stop()]);
    await until('closed', () => client.closed);
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('startAtKeyFrame: instant', () => {
  it('begins at once, with the key frame that the picture needs', async () => {
    await start({ startAtKeyFrame: 'instant', gopSec: 10 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const client = await open();
    await client.play();
    await until('media', () => client.mediaPackets > 0, 2000);
    const [first] = camera.sentFrames();
    expect(first).toMatchObject({ counter: 0, keyFrame: true });
  });
});
