import { once } from 'node:events';
import { createServer } from 'node:net';
import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
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

describe('reboot', () => {
  it('is really away, and back on the same ports', async () => {
    await begin();
    const client = await bench.playing();
    const { rtspPort, onvifPort } = camera;
    const rebooted = camera.reboot({ forSec: 1 });
    await until('reset', () => client.closed);
    expect(client.error).toBe('ECONNRESET');
    expect(camera.isOff).toBe(true);
    expect([await listens(rtspPort), await listens(onvifPort)]).toEqual([false, false]);
    await expect(camera.reboot({ forSec: 1 })).rejects.toThrow('rebooting already');
    // Other faults do not bring it back.
    await camera.faults.set({ refusing: true });
    await camera.faults.clear();
    expect(await listens(rtspPort)).toBe(false);
    await rebooted;
    expect(camera.isOff).toBe(false);
    expect([await listens(rtspPort), await listens(onvifPort)]).toEqual([true, true]);
    const [before] = camera.sent().sessions;
    expect(before).toMatchObject({ closedBy: 'camera', closedAtMs: expect.any(Number) });
    await bench.playing();
    // The count of frames has gone on meanwhile.
    const after = camera.sent().sessions.at(-1)?.ranges[0]?.firstFrame ?? 0;
    expect(after - (before?.ranges.at(-1)?.lastFrame ?? 0)).toBeGreaterThanOrEqual(camera.fps);
  });

  it('comes back with another stream', async () => {
    await begin();
    await camera.reboot({ forSec: 0.1, change: { video: { width: 320, height: 180 }, audio: 'aac' } });
    const { body } = await bench.describe();
    expect(body).toContain('MPEG4-GENERIC/32000');
    const answer = await fetch(`http://${camera.onvifHost}:${camera.onvifPort}/onvif/media_service`, {
      method: 'POST',
      body: '<Envelope><Body><GetProfiles xmlns="http://www.onvif.org/ver10/media/wsdl"/></Body></Envelope>',
    });
    expect(await answer.text()).toMatch(/token="main".*?<tt:Width>320<.*?<tt:Encoding>AAC</);
  });

  it('stays closed for RTSP when that was refused', async () => {
    await begin();
    await camera.refuse(true);
    await camera.reboot({ forSec: 0.1 });
    expect([await listens(camera.rtspPort), await listens(camera.onvifPort)]).toEqual([false, true]);
    await camera.refuse(false);
    expect(await listens(camera.rtspPort)).toBe(true);
  });

  it('waits when somebody else has its port meanwhile', async () => {
    await begin();
    const rebooted = camera.reboot({ forSec: 0.3 });
    await until('off', () => camera.isOff);
    const thief = createServer().listen(camera.rtspPort, '127.0.0.1');
    await once(thief, 'listening');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(camera.isOff).toBe(true);
    thief.close();
    await rebooted;
    expect((await bench.describe()).status).toBe(200);
  });

  it('does not come back when the camera is stopped', async () => {
    await begin();
    const rebooted = camera.reboot({ forSec: 60 });
    await until('off', () => camera.isOff);
    await camera.stop();
    await rebooted;
    expect(await listens(camera.rtspPort)).toBe(false);
  });

  it.each<[object, string]>([
    [{}, 'forSec must be a number from 0 to 86400'],
    [{ forSec: '5' }, 'forSec must be'],
    [{ forSec: 1, change: { video: { fps: 10 } } }, '"fps" is unknown'],
    [{ forSec: 1, change: { audio: 'mp3' } }, 'audio must be one of none, aac, pcmu'],
    [{ forSec: 1, change: { video: { gopSec: 3 } } }, "gopSec 3 would change the loop's length"],
    [{ forSec: 1, change: { video: { width: 641 } } }, 'width must be a multiple of 2'],
  ])('is refused with %j', async (options, reason) => {
    await begin();
    await expect(camera.reboot(options as { forSec: number })).rejects.toThrow(reason);
    expect(camera.isOff).toBe(false);
    expect((await bench.describe()).status).toBe(200);
  });
});

describe('another stream', () => {
  it('closes the sessions first, as cameras do', async () => {
    await begin();
    const client = await bench.playing();
    await camera.changeStream({ video: { width: 320, height: 180 } });
    await until('closed', () => client.closed);
    const before = (await bench.describe()).body;
    await camera.changeStream({});
    const after = (await bench.describe()).body;
    expect(/sprop-parameter-sets=\S+/.exec(before)?.[0]).not.toBe(/sprop-parameter-sets=\S+/.exec(after)?.[0]);
  });

  it('may wait for the next session, which has what it was told of', async () => {
    await begin();
    const [client, told] = [await bench.playing(), await bench.open()];
    expect((await told.request('DESCRIBE')).body).toContain('PCMU/8000');
    await camera.changeStream({ audio: 'aac' }, 'next-session');
    const received = client.mediaPackets;
    await until('media goes on', () => client.mediaPackets > received + 5);
    expect((await bench.describe()).body).toContain('MPEG4-GENERIC/32000');
    await told.setUp(0);
    expect((await told.setUp(1, undefined, { Session: await sessionOf(told) })).status).toBe(200);
    await told.request('PLAY', { Session: await sessionOf(told) });
    await until('audio', () => told.packets.some(({ channel }) => channel === 2));
    // G.711 has payload type 0.
    expect((told.packets.find(({ channel }) => channel === 2)?.bytes.readUInt8(1) ?? 0) & 0x7f).toBe(0);
  });

  it('may be of another codec', async () => {
    await begin();
    await camera.changeStream({ video: { codec: 'mjpeg', gopSec: 1 }, audio: 'none' });
    const { body } = await bench.describe();
    expect(body).toContain('m=video 0 RTP/AVP 26');
    expect(body).not.toContain('m=audio');
    await bench.playing();
    // Frames are still numbered by the time at which they were taken.
    const frame = camera.sentFrames().at(-1);
    expect(Math.abs(Date.now() - camera.frameTakenAtMs(frame?.counter ?? 0, frame?.loop ?? 0))).toBeLessThan(2000);
  });

  async function sessionOf(client: RtspClient): Promise<string> {
    const { headers } = await client.request('GET_PARAMETER');
    return headers['session']?.split(';')[0] ?? '';
  }
});
