import { createRequire } from 'node:module';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it } from '@jest/globals';
import { passwordDigest } from '../../../packages/virtual-camera/src/onvif/ws-security.js';

interface Cam {
  getStreamUri(options: object, callback: (error: Error | null, answer: { uri: string }) => void): void;
}
interface Found {
  probeMatches: { probeMatch: { XAddrs: string } };
}
const onvif = createRequire(import.meta.url)('onvif') as {
  Cam: new (options: object, callback: (this: Cam, error: Error | null) => void) => Cam;
  Discovery: { probe(options: object, callback: (error: Error | null, found: Found[]) => void): void };
};

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';

let camera: VirtualCamera;
afterEach(() => camera.stop());

const start = async (options = {}) => void (camera = await startVirtualCamera({ gopSec: 1, ...options }));

async function post(action: string, namespace = MEDIA, header = '') {
  const service = namespace === MEDIA ? 'media_service' : 'device_service';
  const url = `http://${camera.onvifHost}:${camera.onvifPort}/onvif/${service}`;
  const body =
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${header}</s:Header><s:Body>` +
    `<${action} xmlns="${namespace}"><ProfileToken>main</ProfileToken></${action}></s:Body></s:Envelope>`;
  const answer = await fetch(url, { method: 'POST', body });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

describe('ONVIF faults on demand', () => {
  it('answers later', async () => {
    await start();
    await camera.faults.set({ onvifDelayMs: 400 });
    const begunAt = Date.now();
    expect((await post('GetProfiles')).status).toBe(200);
    expect(Date.now() - begunAt).toBeGreaterThanOrEqual(399);
  });

  it('is stopped while it makes somebody wait', async () => {
    await start({ faults: { onvifDelayMs: 60_000 } });
    const asked = post('GetProfiles').then(
      () => 'answered',
      () => 'cut off',
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await camera.stop();
    expect(await asked).toBe('cut off');
  });

  it('sends XML that is cut off, an HTML page, or nothing', async () => {
    await start();
    const good = await post('GetProfiles');
    await camera.faults.set({ onvifMalformed: 'xml' });
    const xml = await post('GetProfiles');
    expect(xml.text.length).toBeGreaterThan(100);
    expect(good.text.startsWith(xml.text)).toBe(true);
    expect(xml.text).not.toContain('</env:Envelope>');
    await camera.faults.set({ onvifMalformed: 'html' });
    expect(await post('GetSystemDateAndTime', DEVICE)).toMatchObject({
      ...{ status: 200, type: 'text/html', text: expect.stringContaining('<html>') },
    });
    await camera.faults.set({ onvifMalformed: 'empty' });
    expect(await post('GetProfiles')).toMatchObject({ status: 200, text: '' });
    await camera.faults.clear();
    expect(await post('GetProfiles')).toEqual(good);
  });

  it('names another address in the stream URI, in place of the one of its options', async () => {
    await start({ streamUriHost: '203.0.113.7' });
    await camera.faults.set({ onvifStreamUriHost: '127.0.0.1:9' });
    expect((await post('GetStreamUri')).text).toContain('rtsp://127.0.0.1:9/main');
    await camera.faults.set({ onvifStreamUriHost: '[2001:db8::1]' });
    expect((await post('GetStreamUri')).text).toContain(`rtsp://[2001:db8::1]:${camera.rtspPort}/main`);
    await camera.faults.clear();
    expect((await post('GetStreamUri')).text).toContain(`rtsp://203.0.113.7:${camera.rtspPort}/main`);
  });

  it('refuses the right password, and still tells the time', async () => {
    await start({ username: 'admin', password: 'secret' });
    await camera.faults.set({ onvifUnauthorized: true });
    const created = new Date().toISOString();
    const nonce = Buffer.from('nonce').toString('base64');
    const token =
      `<Security><UsernameToken><Username>admin</Username><Password>${passwordDigest(nonce, created, 'secret')}` +
      `</Password><Nonce>${nonce}</Nonce><Created>${created}</Created></UsernameToken></Security>`;
    expect(await post('GetProfiles', MEDIA, token)).toMatchObject({
      ...{ status: 400, text: expect.stringContaining('ter:NotAuthorized') },
    });
    expect((await post('GetProfiles')).status).toBe(401);
    expect((await post('GetSystemDateAndTime', DEVICE)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${camera.onvifPort}/onvif/snapshot/main.jpg`)).status).toBe(401);
    await camera.faults.clear(['onvifUnauthorized']);
    expect((await post('GetProfiles', MEDIA, token)).status).toBe(200);
  });

  it('does not answer WS-Discovery while it reboots', async () => {
    await start({ discovery: true });
    const isFound = async () => {
      const found = await new Promise<Found[]>((resolve, reject) => {
        const options = { timeout: 1000, resolve: false };
        onvif.Discovery.probe(options, (error, all) => (error ? reject(error) : resolve(all)));
      });
      return found.some(({ probeMatches }) => probeMatches.probeMatch.XAddrs.includes(`:${camera.onvifPort}/`));
    };
    const rebooted = camera.reboot({ forSec: 2 });
    expect([await isFound(), camera.isOff]).toEqual([false, true]);
    await rebooted;
    expect(await isFound()).toBe(true);
  });

  it('has a clock that jumps, and takes the passwords of its new time', async () => {
    await start({ username: 'admin', password: 'secret', faults: { clockJumpSec: 3 * 86_400 } });
    const { text } = await post('GetSystemDateAndTime', DEVICE);
    const day = new Date(Date.now() + 3 * 86_400_000).getUTCDate();
    expect(text).toContain(`<tt:Day>${day}</tt:Day>`);
    // The onvif package reads the device's clock first.
    const address = { hostname: camera.onvifHost, port: camera.onvifPort, username: 'admin', password: 'secret' };
    const uri = await new Promise<string>((resolve, reject) => {
      const cam = new onvif.Cam(address, (error) => {
        if (error) return reject(error);
        cam.getStreamUri({ protocol: 'RTSP' }, (failure, answer) => (failure ? reject(failure) : resolve(answer.uri)));
      });
    });
    expect(uri).toBe(camera.rtspUrl);
  });
});
