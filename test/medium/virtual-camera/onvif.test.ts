import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, describe, expect, it } from '@jest/globals';
import { digestResponse, parseAuthParameters } from '../../../packages/virtual-camera/src/auth.js';

interface Profile {
  $: { token: string };
  videoEncoderConfiguration: { encoding: string; resolution: { width: number; height: number } };
}
interface Cam {
  profiles: Profile[];
  activeSource?: { profileToken: string };
  getStreamUri(options: object, callback: (error: Error | null, answer: { uri: string }) => void): void;
  getSnapshotUri(options: object, callback: (error: Error | null, answer: { uri: string }) => void): void;
  getSystemDateAndTime(callback: (error: Error | null, date: Date) => void): void;
  getDeviceInformation(callback: (error: Error | null, answer: Record<string, string>) => void): void;
  once(event: 'warning', listener: (message: string) => void): void;
}
interface Found {
  probeMatches: { probeMatch: { endpointReference: { address: string }; XAddrs: string; scopes: string } };
}
const onvif = createRequire(import.meta.url)('onvif') as {
  Cam: new (options: object, callback: (this: Cam, error: Error | null) => void) => Cam;
  Discovery: { probe(options: object, callback: (error: Error | null, found: Found[]) => void): void };
};

// The package digests WS-Security passwords in Latin-1, the standard says UTF-8: here only ASCII.
const PASSWORD = 'p@ss:w/rd#%&"?';
const SOAP_HEAD = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>';
const SOAP_TAIL = '</s:Body></s:Envelope>';

let camera: VirtualCamera;
afterEach(() => camera.stop());

async function start(options: VirtualCameraOptions = {}): Promise<void> {
  camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: PASSWORD, ...options });
}

/** Connects; resolves with the error that `connect` gave or that it only warned of. */
function connect(options: object = {}): Promise<{ cam: Cam; error: string | undefined }> {
  return new Promise((resolve) => {
    let warning: string | undefined;
    const address = { hostname: camera.onvifHost, port: camera.onvifPort, timeout: 5000 };
    const cam = new onvif.Cam({ ...address, username: 'admin', password: PASSWORD, ...options }, (error) =>
      resolve({ cam, error: error?.message ?? warning }),
    );
    cam.once('warning', (message) => (warning = message));
  });
}

function call<T>(start: (callback: (error: Error | null, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
}

function post(path: string, body: string, headers: Record<string, string> = {}) {
  const url = `http://${camera.onvifHost}:${camera.onvifPort}${path}`;
  return fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/soap+xml', ...headers } });
}

describe('ONVIF device, asked by the onvif package', () => {
  it.each([{ useWSSecurity: true }, { useWSSecurity: false }])(
    'gives profiles and stream URIs (%j)',
    async (options) => {
      await start({ profile: 'h265' });
      const { cam, error } = await connect(options);
      expect(error).toBeUndefined();
      const summary = cam.profiles.map(({ $, videoEncoderConfiguration: { encoding, resolution } }) => [
        $.token,
        encoding,
        resolution.width,
      ]);
      expect(summary).toEqual([
        ['main', 'H265', 640],
        ['sub', 'H264', 320],
      ]);
      expect(cam.activeSource?.profileToken).toBe('main');
      expect((await call<{ uri: string }>((done) => cam.getStreamUri({ protocol: 'RTSP' }, done))).uri).toBe(
        camera.rtspUrl,
      );
      const sub = await call<{ uri: string }>((done) => cam.getStreamUri({ profileToken: 'sub' }, done));
      expect(sub.uri).toBe(camera.streamUrl('sub'));
    },
  );

  it('refuses the wrong password', async () => {
    await start();
    const { cam, error } = await connect({ password: 'wrong' });
    expect(error).toContain('Sender not Authorized');
    expect(cam.profiles).toEqual([]);
  });

  it('refuses it already at the first step when it is strict', async () => {
    await start({ strictOnvifAuth: true });
    expect((await connect()).error).toBeUndefined();
    const services = `${SOAP_HEAD}<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl"/>${SOAP_TAIL}`;
    expect((await post('/onvif/device_service', services)).status).toBe(401);
  });

  it('may have other credentials than RTSP', async () => {
    await start({ onvifUsername: 'operator', onvifPassword: 'other' });
    expect((await connect({ username: 'operator', password: 'other' })).error).toBeUndefined();
    expect((await connect()).error).toContain('Sender not Authorized');
  });

  it('says its own time, and wants tokens of that time', async () => {
    const skewMs = 3 * 3600_000;
    await start({ clockSkewMs: skewMs });
    const { cam, error } = await connect();
    expect(error).toBeUndefined();
    const date = await call<Date>((done) => cam.getSystemDateAndTime(done));
    expect(Math.abs(date.getTime() - Date.now() - skewMs)).toBeLessThan(5000);
  });

  it.each([
    ['203.0.113.7', (port: number) => `rtsp://203.0.113.7:${port}/main`],
    ['camera.example:554', () => 'rtsp://camera.example:554/main'],
  ])('answers another stream host when told so: %s', async (streamUriHost, expected) => {
    await start({ streamUriHost });
    const { cam } = await connect();
    const { uri } = await call<{ uri: string }>((done) => cam.getStreamUri({ protocol: 'RTSP' }, done));
    expect(uri).toBe(expected(camera.rtspPort));
  });

  it('gives a snapshot to those who know the password', async () => {
    await start();
    const { cam } = await connect();
    const { uri } = await call<{ uri: string }>((done) => cam.getSnapshotUri({ profileToken: 'sub' }, done));
    const refused = await fetch(uri);
    expect(refused.status).toBe(401);
    const challenge = parseAuthParameters(refused.headers.get('www-authenticate')?.replace('Digest ', '') ?? '');
    const values = { username: 'admin', realm: challenge['realm'] ?? '', nonce: challenge['nonce'] ?? '', uri };
    const response = digestResponse({ ...values, password: PASSWORD, method: 'GET' });
    const parameters = Object.entries({ ...values, response }).map(([name, value]) => `${name}="${value}"`);
    const answer = await fetch(uri, { headers: { Authorization: `Digest ${parameters.join(', ')}` } });
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    const jpeg = Buffer.from(await answer.arrayBuffer());
    expect([jpeg.readUInt16BE(0), jpeg.readUInt16BE(jpeg.length - 2)]).toEqual([0xffd8, 0xffd9]);
  });

  it('is found by WS-Discovery', async () => {
    await start({ discovery: true, name: 'Front door' });
    const found = await call<Found[]>((done) => onvif.Discovery.probe({ timeout: 1500, resolve: false }, done));
    const xaddrs = `http://127.0.0.1:${camera.onvifPort}/onvif/device_service`;
    const ours = found.find(({ probeMatches: { probeMatch } }) => probeMatch.XAddrs === xaddrs)?.probeMatches
      .probeMatch;
    expect(ours?.endpointReference.address).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    expect(ours?.scopes).toContain('onvif://www.onvif.org/name/Front%20door');
  });
});

describe('ONVIF faults', () => {
  const request = (namespace: string, body: string) =>
    `${SOAP_HEAD}${body.replace('/>', ` xmlns="${namespace}"/>`)}${SOAP_TAIL}`;
  const media = (body: string) => request('http://www.onvif.org/ver10/media/wsdl', body);

  it('asks for credentials with 401, and refuses a wrong token with 400', async () => {
    await start();
    const missing = await post('/onvif/media_service', media('<GetProfiles/>'));
    expect(missing.status).toBe(401);
    expect(missing.headers.get('www-authenticate')).toMatch(/^Digest /);
    expect(await missing.text()).toContain('ter:NotAuthorized');
    const created = new Date().toISOString();
    const digest = createHash('sha1').update(`x${created}wrong`).digest('base64');
    const token =
      `<s:Header><Security><UsernameToken><Username>admin</Username><Password>${digest}</Password>` +
      `<Nonce>${Buffer.from('x').toString('base64')}</Nonce><Created>${created}</Created></UsernameToken></Security></s:Header><s:Body>`;
    const wrong = await post('/onvif/media_service', media('<GetProfiles/>').replace('<s:Body>', token));
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('ter:NotAuthorized')]);
  });

  it.each([
    [
      'an unknown profile',
      '<GetStreamUri xmlns="http://www.onvif.org/ver10/media/wsdl"><ProfileToken>x</ProfileToken></GetStreamUri>',
      400,
      'ter:NoProfile',
    ],
    ['an unknown action', '<Explode xmlns="http://www.onvif.org/ver10/media/wsdl"/>', 500, 'ter:ActionNotSupported'],
    [
      'an inherited name',
      '<constructor xmlns="http://www.onvif.org/ver10/media/wsdl"/>',
      500,
      'ter:ActionNotSupported',
    ],
    ['another namespace', '<GetProfiles xmlns="urn:x"/>', 500, 'ter:ActionNotSupported'],
  ])('answers %s with a fault', async (_what, body, status, code) => {
    camera = await startVirtualCamera({ gopSec: 1 });
    const answer = await post('/onvif/media_service', `${SOAP_HEAD}${body}${SOAP_TAIL}`);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(code)]);
  });

  it('refuses what is no SOAP, what is too long, and other paths', async () => {
    camera = await startVirtualCamera({ gopSec: 1 });
    expect((await post('/onvif/media_service', 'hello')).status).toBe(400);
    expect((await post('/', 'hello')).status).toBe(404);
    const url = `http://${camera.onvifHost}:${camera.onvifPort}/onvif/`;
    expect((await fetch(`${url}device_service`)).status).toBe(405);
    expect((await fetch(`${url}snapshot/none.jpg`)).status).toBe(404);
    const long = await post('/onvif/media_service', 'x'.repeat(300_000)).then(
      (answer) => answer.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(long);
  });
});
