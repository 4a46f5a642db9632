import type { Faults, VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CameraBench, listens } from './bench.js';
import type { RtspClient } from './rtsp-client.js';
import { until } from './rtsp-client.js';

let bench: CameraBench;
let camera: VirtualCamera;

async function begin(options: VirtualCameraOptions = {}): Promise<void> {
  bench = await CameraBench.start(options);
  ({ camera } = bench);
}

afterEach(() => bench.stop());

const video = (client: RtspClient) => client.packets.filter(({ channel }) => channel === 0);

describe('refusals', () => {
  it('answers 401 to the right password too', async () => {
    await begin({ username: 'admin', password: 'secret' });
    const client = await bench.open();
    const refused = await client.request('DESCRIBE');
    const right = (method: string) => client.digestFor(refused, method, 'admin', 'secret');
    expect((await client.request('DESCRIBE', right('DESCRIBE'))).status).toBe(200);
    await camera.faults.set({ wrongPassword: true });
    const wrong = await client.request('DESCRIBE', right('DESCRIBE'));
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Digest')]);
    expect(camera.stats().authFailures).toBe(1);
    await camera.faults.clear();
    expect((await client.request('DESCRIBE', right('DESCRIBE'))).status).toBe(200);
  });

  it('keeps sending to a session whose password is wrong from now on', async () => {
    await begin();
    const client = await bench.playing();
    await camera.faults.set({ wrongPassword: true });
    expect((await client.request('GET_PARAMETER')).status).toBe(401);
    const received = client.mediaPackets;
    await until('media goes on', () => client.mediaPackets > received + 5);
  });

  it.each<[keyof Faults, number, number, number]>([
    ['notFound', 404, 404, 455],
    ['unavailable', 503, 503, 503],
  ])('with %s answers DESCRIBE %i, SETUP %i and PLAY %i', async (name, ...expected) => {
    await begin();
    await camera.faults.set({ [name]: true });
    const client = await bench.open();
    const answers = [await client.request('DESCRIBE'), await client.setUp(0), await client.request('PLAY')];
    expect(answers.map(({ status }) => status)).toEqual(expected);
    await camera.faults.clear([name]);
    expect((await client.play()).status).toBe(200);
  });

  it('changes the session limit while it runs', async () => {
    await begin({ maxSessions: 2 });
    await bench.playing();
    await camera.faults.set({ maxSessions: 1 });
    const second = await bench.open();
    expect((await second.setUp(0)).status).toBe(453);
    expect(camera.stats()).toMatchObject({ sessionsOpen: 1, sessionsRefused: 1 });
    await camera.faults.set({ maxSessions: null });
    expect((await second.setUp(0)).status).toBe(200);
    expect((await (await bench.open()).setUp(0)).status).toBe(453);
  });
});

describe('faults for a time', () => {
  it('clear by themselves, each at its own time', async () => {
    await begin();
    await camera.faults.set({ notFound: true }, { forSec: 0.4 });
    await camera.faults.set({ refusing: true, onvifDelayMs: 5 }, { forSec: 0.8 });
    expect(camera.faults.read().clearsAtMs).toEqual({
      notFound: expect.any(Number),
      refusing: expect.any(Number),
      onvifDelayMs: expect.any(Number),
    });
    expect(await listens(camera.rtspPort)).toBe(false);
    await until('found', () => !camera.faults.read().faults.notFound, 2000);
    expect(camera.faults.read()).toMatchObject({ faults: { refusing: true, onvifDelayMs: 5 } });
    await until('well', () => !camera.faults.read().faults.refusing, 2000);
    await until('nothing left', () => Object.keys(camera.faults.read().clearsAtMs).length === 0, 2000);
    expect((await bench.describe()).status).toBe(200);
  });

  it('stay when they were set again for good', async () => {
    await begin();
    await camera.faults.set({ notFound: true, unavailable: true }, { forSec: 0.2 });
    await camera.faults.set({ notFound: true });
    await until('available', () => !camera.faults.read().faults.unavailable, 2000);
    expect((await bench.describe()).status).toBe(404);
  });

  it('may be there from the beginning', async () => {
    await begin({ faults: { notFound: true } });
    expect((await bench.describe()).status).toBe(404);
  });

  it.each<[object, string]>([
    [{ stall: true }, '"stall" is unknown (known: stalled, refusing'],
    [{ packetLoss: 7 }, 'packetLoss must be a number from 0 to 1, not 7'],
    [{ packetLoss: NaN }, 'packetLoss must be a number'],
    [{ maxSessions: 1.5 }, 'maxSessions must be a whole number from 0 to 10000, or null, not 1.5'],
    [{ stalled: 'yes' }, 'stalled must be true or false, not "yes"'],
    [{ onvifMalformed: 'json' }, 'onvifMalformed must be one of xml, html, empty, or null'],
    [{ onvifStreamUriHost: 'rtsp://x/' }, 'onvifStreamUriHost must be a host or host:port'],
    [{ constructor: 1 }, '"constructor" is unknown'],
  ])('are refused when they are none: %j', async (faults, reason) => {
    await begin();
    await expect(camera.faults.set({ notFound: true, ...faults })).rejects.toThrow(reason);
    expect((await bench.describe()).status).toBe(200);
    await expect(startVirtualCamera({ faults })).rejects.toThrow(reason);
  });

  it('name everything that is wrong at once', async () => {
    await begin();
    const set = camera.faults.set({ answerDelayMs: -1, timestampJumpSec: 1e6 });
    await expect(camera.faults.set([] as Partial<Faults>)).rejects.toThrow('Faults must be a JSON object, not []');
    await expect(set).rejects.toThrow(/answerDelayMs must be .*; timestampJumpSec must be /);
    await expect(camera.faults.set({ notFound: true }, { forSec: 0 })).rejects.toThrow('forSec must be');
    await expect(camera.faults.clear(['nothing' as keyof Faults])).rejects.toThrow('no such fault: nothing');
  });
});

describe('media faults', () => {
  it('loses packets, and says which frames they were of', async () => {
    await begin({ faults: { packetLoss: 0.1, packetLossSeed: 3 } });
    const client = await bench.playing();
    await until('loss', () => camera.stats().packetsLost > 10);
    await camera.faults.clear();
    const cleared = camera.stats().framesSent;
    await until('whole frames', () => camera.stats().framesSent > cleared + 20);
    client.close();
    await until('closed', () => camera.stats().sessionsOpen === 0);

    const packets = video(client);
    const last = packets.at(-1)?.sequence ?? 0;
    const received = new Set(packets.map(({ sequence }) => sequence));
    const stats = camera.stats();
    const [session] = stats.sessions;
    expect(session?.framesDamaged).toBe(stats.framesDamaged);
    const lostToClient = ((last - (packets[0]?.sequence ?? 0)) & 0xffff) + 1 - received.size;
    // The very first packets of the session may be among the lost ones: the client cannot miss those.
    expect(stats.packetsLost - lostToClient).toBeGreaterThanOrEqual(0);
    expect(stats.packetsLost - lostToClient).toBeLessThanOrEqual(2);

    const damaged = camera.sentFrames().filter(({ packetsLost }) => packetsLost > 0);
    const ranges = camera.sent().sessions[0]?.ranges ?? [];
    for (const { frame } of damaged) {
      expect(ranges.find(({ firstFrame, lastFrame }) => firstFrame <= frame && frame <= lastFrame)?.damaged).toBe(true);
    }
    expect(ranges.at(-1)?.damaged).toBe(false);
    const counted = ranges.filter((range) => range.damaged).map((range) => range.lastFrame - range.firstFrame + 1);
    expect(counted.reduce((sum, frames) => sum + frames, 0)).toBe(stats.framesDamaged);
  });

  it('lets RTP time jump while packets are numbered on', async () => {
    await begin();
    const client = await bench.playing();
    const before = video(client).at(-1);
    await camera.faults.set({ timestampJumpSec: 3600 });
    await until('more', () => (video(client).at(-1)?.sequence ?? 0) > (before?.sequence ?? 0) + 5);
    const packets = video(client);
    const steps = packets.slice(1).map(({ timestamp }, index) => (timestamp - (packets[index]?.timestamp ?? 0)) >>> 0);
    expect(steps.filter((step) => step > 90_000)).toEqual([3600 * 90_000 + 3600]);
    const numbers = packets.map(({ sequence }) => (sequence - (packets[0]?.sequence ?? 0)) & 0xffff);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it('reports a wall clock that has jumped', async () => {
    await begin({ faults: { clockJumpSec: -86_400 } });
    const client = await bench.playing();
    const report = client.packets.find(({ channel }) => channel === 1)?.bytes;
    const reportedSec = (report?.readUInt32BE(8) ?? 0) - 2_208_988_800;
    expect(Math.abs(Date.now() / 1000 - reportedSec - 86_400)).toBeLessThan(10);
  });
});

describe('slow start', () => {
  it('answers later, in the order of the requests, and not only the first time', async () => {
    await begin();
    await camera.faults.set({ answerDelayMs: 300 });
    const client = await bench.open();
    const begunAt = Date.now();
    expect((await client.request('OPTIONS')).status).toBe(200);
    const [described, optionsAt] = await Promise.all([
      client.request('DESCRIBE').then(() => Date.now()),
      bench.open().then(async (other) => {
        await other.request('OPTIONS');
        return Date.now();
      }),
    ]);
    expect(described - begunAt).toBeGreaterThanOrEqual(299);
    expect(optionsAt).toBeLessThan(described);
    await client.play();
    expect(Date.now() - begunAt).toBeGreaterThanOrEqual(897);
    await until('media', () => client.mediaPackets > 0);
  });

  it('leaves no session of a client that went away before the answer', async () => {
    await begin({ faults: { answerDelayMs: 200 } });
    const client = await bench.open();
    const setUp = `SETUP ${camera.rtspUrl}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP\r\n\r\n`;
    await new Promise((resolve) => client.socket.write(setUp, resolve));
    client.close();
    await until('gone', () => camera.stats().connectionsOpen === 0);
    expect(camera.stats().sessionsOpen).toBe(0);
    expect((await bench.describe()).status).toBe(200);
  });

  it.each(['wait', 'instant'] as const)(
    'withholds the first key frame (%s), as its RTP-Info says',
    async (startAtKeyFrame) => {
      await begin({ startAtKeyFrame, faults: { firstKeyFrameDelayMs: 900 } });
      const client = await bench.open();
      const begunAt = Date.now();
      const { headers } = await client.play();
      await until('media', () => video(client).length > 0);
      const [first] = video(client);
      expect((first?.atMs ?? 0) - begunAt).toBeGreaterThanOrEqual(890);
      expect((first?.atMs ?? 0) - begunAt).toBeLessThan(3000);
      expect(headers['rtp-info']).toContain(`seq=${first?.sequence};rtptime=${first?.timestamp}`);
      expect(camera.sentFrames()[0]?.keyFrame).toBe(true);
    },
  );

  it('keeps back its RTP-Info', async () => {
    await begin({ faults: { rtpInfoMissing: true } });
    const client = await bench.open();
    const { headers } = await client.play();
    expect(headers['range']).toBe('npt=now-');
    expect(headers).not.toHaveProperty('rtp-info');
  });
});
