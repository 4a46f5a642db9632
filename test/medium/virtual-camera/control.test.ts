import { request } from 'node:http';
import type { SentReport, VirtualCamera } from '@hindsight/virtual-camera';
import { heardRanges, startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NO_FAULTS } from '../../../packages/virtual-camera/src/faults.js';
import { RtspClient, until } from './rtsp-client.js';

let camera: VirtualCamera;
const clients: RtspClient[] = [];

beforeEach(async () => {
  camera = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 0.4, controlPort: 0 });
});
afterEach(async () => {
  clients.splice(0).forEach((client) => client.close());
  await camera.stop();
});

async function playing(): Promise<RtspClient> {
  const client = await RtspClient.open(camera.rtspUrl);
  clients.push(client);
  await client.play();
  await until('media', () => client.mediaPackets > 0);
  return client;
}

async function call<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers = {}) {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${camera.controlUrl}${path}`, { method, headers, ...init });
  return { status: answer.status, body: (await answer.json()) as T };
}

describe('control API', () => {
  it('listens on the loopback address alone, and only when it is asked for', async () => {
    expect(camera.controlUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const other = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 0.4 });
    expect(other.controlUrl).toBeUndefined();
    await other.stop();
  });

  it('sets some faults, for a time or for good, shows and clears them', async () => {
    expect(await call('GET', '/faults')).toEqual({ status: 200, body: { faults: NO_FAULTS, clearsAtMs: {} } });
    const set = await call('PUT', '/faults', { notFound: true, answerDelayMs: 10 });
    expect(set).toMatchObject({ status: 200, body: { faults: { notFound: true, answerDelayMs: 10, stalled: false } } });
    const timed = await call('PUT', '/faults', { stalled: true, forSec: 0.3 });
    expect(timed.body).toMatchObject({
      faults: { stalled: true, notFound: true },
      clearsAtMs: { stalled: expect.any(Number) },
    });
    expect(camera.faults.read().faults).toMatchObject({ stalled: true, notFound: true });
    await until('stall over', () => !camera.faults.read().faults.stalled, 2000);
    expect((await call('DELETE', '/faults?name=notFound')).body).toMatchObject({
      ...{ faults: { notFound: false, answerDelayMs: 10 } },
    });
    expect((await call('DELETE', '/faults')).body).toEqual({ faults: NO_FAULTS, clearsAtMs: {} });
  });

  it('drops sessions', async () => {
    const client = await playing();
    expect(await call('POST', '/drop')).toEqual({ status: 200, body: { dropped: 1 } });
    await until('closed', () => client.closed);
  });

  it('reboots the camera while it stays there itself, and only once at a time', async () => {
    const client = await playing();
    const asked = await call<{ backAtMs: number }>('POST', '/reboot', { forSec: 1, change: { audio: 'aac' } });
    expect(asked.status).toBe(202);
    expect(Math.abs(asked.body.backAtMs - Date.now() - 1000)).toBeLessThan(500);
    await expect(RtspClient.open(camera.rtspUrl)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await until('reset', () => client.closed);
    expect((await call('GET', '/stats')).body).toMatchObject({ isOff: true, connectionsOpen: 0 });
    expect(await call('POST', '/reboot', { forSec: 1 })).toEqual({
      ...{ status: 409, body: { error: 'The camera is rebooting already' } },
    });
    await until('back', () => !camera.isOff);
    const again = await RtspClient.open(camera.rtspUrl);
    clients.push(again);
    expect((await again.request('DESCRIBE')).body).toContain('MPEG4-GENERIC');
  });

  it('changes the stream now or for the next session', async () => {
    const client = await playing();
    expect((await call('POST', '/stream', { audio: 'none', when: 'next-session' })).status).toBe(200);
    expect(client.closed).toBe(false);
    expect((await call('POST', '/stream', { audio: 'none' })).status).toBe(200);
    await until('closed', () => client.closed);
    const again = await RtspClient.open(camera.rtspUrl);
    clients.push(again);
    expect((await again.request('DESCRIBE')).body).not.toContain('m=audio');
  });

  it('tells which frames were sent while a client was there', async () => {
    const client = await playing();
    await until('frames', () => camera.stats().framesSent > 20);
    client.close();
    await until('closed', () => camera.stats().sessionsOpen === 0);
    const second = await playing();
    await until('more frames', () => (camera.stats().sessions[1]?.framesSent ?? 0) > 10);

    const sent = camera.sentFrames();
    const { body } = await call<SentReport>('GET', '/sent');
    expect(body.forgottenBeforeMs).toBeNull();
    expect(body.sessions).toMatchObject([
      { id: sent[0]?.sessionId, stream: 'main', loopLength: camera.loopLength, fps: 25, closedBy: 'client' },
      { closedAtMs: null, closedBy: null },
    ]);
    const [first] = body.sessions;
    const ofFirst = sent.filter(({ sessionId }) => sessionId === first?.id);
    expect(first?.ranges).toMatchObject([{ firstFrame: ofFirst[0]?.frame, lastFrame: ofFirst.at(-1)?.frame }]);
    expect(first?.ranges[0]?.firstTakenAtMs).toBeCloseTo(
      camera.frameTakenAtMs(ofFirst[0]?.counter ?? 0, ofFirst[0]?.loop ?? 0),
      3,
    );
    // What the client got is what counts as heard, but for a frame on its way when it closed.
    const markers = client.packets.filter(({ channel, bytes }) => channel === 0 && bytes.readUInt8(1) >= 0x80).length;
    const heard = heardRanges({ ...body, sessions: body.sessions.slice(0, 1) }, 'main');
    const frames = heard.reduce((sum, { firstFrame, lastFrame }) => sum + lastFrame - firstFrame + 1, 0);
    expect(Math.abs(markers - frames)).toBeLessThanOrEqual(1);

    const some = ofFirst.slice(5, 8);
    const from = camera.frameTakenAtMs(some[0]?.counter ?? 0, some[0]?.loop ?? 0);
    const clipped = await call<SentReport>('GET', `/sent?from=${from}&to=${from + 119}`);
    expect(clipped.body.sessions[0]?.ranges).toMatchObject([{ firstFrame: some[0]?.frame, lastFrame: some[2]?.frame }]);
    const later = await call<SentReport>('GET', `/sent?from=${new Date(Date.now() + 60_000).toISOString()}`);
    expect(later.body.sessions).toMatchObject([{ closedAtMs: null, ranges: [] }]);
    second.close();
  });

  it('gives its counts', async () => {
    await playing();
    const { body } = await call('GET', '/stats');
    expect(body).toMatchObject({
      ...{ rtspUrl: camera.rtspUrl, onvifPort: camera.onvifPort, isOff: false, loopLength: 500, fps: 25 },
      ...{ sessionsOpen: 1, packetsLost: 0, sessions: [{ stream: 'main', closedAt: null }] },
    });
  });

  it.each<[string, string, unknown, number, string]>([
    ['PUT', '/faults', { stal: true }, 400, '"stal" is unknown (known: stalled'],
    ['PUT', '/faults', { packetLoss: '1' }, 400, 'packetLoss must be a number from 0 to 1, not "1"'],
    ['PUT', '/faults', { stalled: true, forSec: 'x' }, 400, 'forSec must be a number'],
    ['PUT', '/faults', [1], 400, 'The body must be a JSON object'],
    ['PUT', '/faults', undefined, 400, 'The body must be a JSON object'],
    ['PUT', '/faults', '{"stalled"', 400, 'The body is no JSON'],
    ['PUT', '/faults', 'x'.repeat(100_000), 413, 'longer than 65536 bytes'],
    ['DELETE', '/faults?name=stal', undefined, 400, 'no such fault: stal'],
    ['POST', '/reboot', {}, 400, 'forSec must be a number from 0'],
    ['POST', '/stream', { video: { codec: 'vp8' } }, 400, 'codec must be one of h264, h265, mjpeg'],
    ['POST', '/stream', { when: 'later' }, 400, 'when must be one of now, next-session'],
    ['GET', '/sent?from=yesterday', undefined, 400, 'from must be milliseconds since 1970 or an ISO 8601 instant'],
    ['GET', '/nothing', undefined, 404, 'there are: GET /faults, PUT /faults'],
    ['POST', '/faults', undefined, 405, 'No POST /faults'],
  ])('refuses %s %s with %j by %i', async (method, path, body, status, reason) => {
    expect(await call(method, path, body)).toEqual({ status, body: { error: expect.stringContaining(reason) } });
    expect(camera.faults.read().faults).toEqual(NO_FAULTS);
    expect(camera.isOff).toBe(false);
  });

  it('does nothing for a web page', async () => {
    // fetch does not send Origin by itself outside a browser.
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { Origin: 'http://attacker.example' };
      const asked = request(`${camera.controlUrl}/drop`, { method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once('error', reject).end();
    });
    expect(status).toBe(403);
  });
});
