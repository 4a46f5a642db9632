import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { AddressPolicy } from '../../../src/modules/camera/address-policy.service.js';
import { applyChanges, newCamera } from '../../../src/modules/camera/camera-changes.js';
import { CameraSecrets } from '../../../src/modules/camera/camera-secrets.js';
import { CredentialCipher } from '../../../src/modules/camera/credential.cipher.js';
import { OnvifClient } from '../../../src/modules/camera/onvif.client.js';
import { StreamLocator } from '../../../src/modules/camera/stream-locator.service.js';
import { type FakeOnvif, type FakeOnvifOptions, soapFault, startFakeOnvif } from './support/fake-onvif.js';
import { startRawServer, type TestServer } from './support/servers.js';

const config = loadConfig({
  CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64'),
  CAMERA_ALLOWED_CIDRS: '127.0.0.1/32,127.0.0.2/32',
});
const secrets = new CameraSecrets(new CredentialCipher(config));
const policy = new AddressPolicy(config);
const locator = new StreamLocator(policy, new OnvifClient(config, policy), secrets, createLogger('silent'));
const login = { username: 'admin', password: 'onvif-secret' };
const HOUR_MS = 3_600_000;

const running: TestServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function device(options: FakeOnvifOptions): Promise<FakeOnvif> {
  const fake = await startFakeOnvif({ streamUri: (token) => `rtsp://127.0.0.1:8554/${token}`, ...options });
  running.push(fake);
  return fake;
}

function locate({ port }: TestServer, onvif: { profileToken?: string; username?: string; password?: string } = {}) {
  const camera = newCamera('6f9619ff-8b86-4d01-b42d-00cf4fc964ff');
  applyChanges(camera, { name: 'c', onvif: { host: '127.0.0.1', port, ...onvif } }, secrets);
  return locator.locateWithProfiles(camera);
}

const envelope = (body: string) => `<Envelope><Body>${body}</Body></Envelope>`;
const service = (version: 1 | 2, xaddr: string) =>
  `<Service><Namespace>http://www.onvif.org/ver${version}0/media/wsdl</Namespace><XAddr>${xaddr}</XAddr></Service>`;
const services = (...list: string[]) => `<GetServicesResponse>${list.join('')}</GetServicesResponse>`;
const profiles = (...list: string[]) => `<GetProfilesResponse>${list.join('')}</GetProfilesResponse>`;
const profile = (
  token: string,
  inside = '<VideoEncoderConfiguration><Encoding>H264</Encoding></VideoEncoderConfiguration>',
) => `<Profiles token="${token}">${inside}</Profiles>`;
const streamUri = (uri: string) =>
  `<GetStreamUriResponse><MediaUri><Uri>${uri}</Uri></MediaUri></GetStreamUriResponse>`;
const askedToken = (body: string) => /<ProfileToken>([^<]*)</.exec(body)?.[1] ?? '';

describe('an ONVIF device with missing parts', () => {
  it('has a bad profile beside a good one, by Media2 alone and by Media alone', async () => {
    const good = '<Configurations><VideoEncoder><Encoding>H265</Encoding></VideoEncoder></Configurations>';
    const both = profiles(profile('bad', ''), '<Profiles/>', profile('good', good));
    const second = await device({
      replies: {
        GetServices: (at) => services(service(2, `${at}/media2`)),
        GetProfiles: () => both,
        GetStreamUri: (_at, { body }) =>
          `<GetStreamUriResponse><Uri>rtsp://127.0.0.1/${askedToken(body)}</Uri></GetStreamUriResponse>`,
      },
    });
    expect(await locate(second)).toMatchObject({ location: { profileToken: 'good', url: 'rtsp://127.0.0.1/good' } });
    const first = await device({
      replies: {
        GetServices: (at) => services(service(1, `${at}/media`)),
        GetProfiles: () => profiles(profile('bad', '<Name/>'), profile('good')),
        GetStreamUri: (_at, { body }) => streamUri(`rtsp://127.0.0.1/${askedToken(body)}`),
      },
    });
    const found = await locate(first);
    expect(found.location).toMatchObject({ profileToken: 'good', url: 'rtsp://127.0.0.1/good' });
    expect(found.profiles.map(({ token }) => token)).toEqual(['bad', 'good']);
  });

  it('tells of no video by Media2, and of some by Media', async () => {
    const fake = await device({
      media2: 'works',
      replies: { GetProfiles: (_at, { url }) => profiles(url === '/media2' ? profile('2', '') : profile('2')) },
    });
    expect(await locate(fake)).toMatchObject({ location: { profileToken: '2' }, profiles: [{ codec: 'H264' }] });
  });

  it('has a first profile without a stream', async () => {
    const fake = await device({
      replies: {
        GetProfiles: () => profiles(profile('a'), profile('b'), profile('c')),
        GetStreamUri: (_at, { body }) =>
          ({ a: streamUri(''), b: '<GetStreamUriResponse/>' })[askedToken(body)] ?? streamUri('rtsp://127.0.0.1/c'),
      },
    });
    expect(await locate(fake)).toMatchObject({ location: { profileToken: 'c', url: 'rtsp://127.0.0.1/c' } });
    await expect(locate(fake, { profileToken: 'a' })).rejects.toMatchObject({ code: 'CAMERA.ONVIF_FAILED' });
  });

  it('lists no profiles, though it serves the one that was chosen', async () => {
    for (const reply of ['', '<GetProfilesResponse/>']) {
      const fake = await device({ replies: { GetProfiles: () => reply } });
      const found = await locate(fake, { profileToken: '2' });
      expect(found).toMatchObject({ location: { url: 'rtsp://127.0.0.1:8554/2' }, profiles: [] });
    }
  });

  it('leaves its media service out of GetServices', async () => {
    for (const reply of [services(), services('<Service/>'), '<GetServicesResponse>x</GetServicesResponse>']) {
      const fake = await device({ replies: { GetServices: () => reply } });
      expect((await locate(fake)).profiles).toHaveLength(3);
    }
  });

  it('serves a chosen profile by Media, though it announces Media2', async () => {
    const fake = await device({ media2: 'broken' });
    expect(await locate(fake, { profileToken: '2' })).toMatchObject({ location: { url: 'rtsp://127.0.0.1:8554/2' } });
  });

  const empty = ['', '<X/>', 'text'];
  it.each(['GetServices', 'GetCapabilities', 'GetProfiles', 'GetStreamUri'])(
    'is named with a sentence when its %s says nothing',
    async (action) => {
      for (const inside of [...empty, ...empty.map((part) => `<${action}Response>${part}</${action}Response>`)]) {
        const fake = await device({
          replies: {
            [action]: () => inside,
            // Else the other of the two would know.
            ...(action === 'GetServices' ? { GetCapabilities: () => inside } : {}),
          },
        });
        if (action === 'GetCapabilities') {
          // GetServices knows it all.
          expect((await locate(fake)).profiles).toHaveLength(3);
          continue;
        }
        const failure = await locate(fake).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: expect.stringMatching(/^CAMERA\.(ONVIF_FAILED|NO_SUCH_PROFILE)$/) });
        expect(String(failure)).toMatch(/The device .*[.]$/);
        expect(String(failure)).not.toMatch(/undefined|Cannot|TypeError|null/);
      }
    },
  );
});

describe('an ONVIF device with its media service elsewhere', () => {
  /** A device service alone: 404 for everything else, and its media service at `xaddr`. */
  const split = (xaddr: string, options: FakeOnvifOptions = {}) =>
    device({
      ...options,
      replies: { GetServices: () => services(service(1, xaddr)) },
      fault: (action, response, request) => {
        if (request.url === '/onvif/device_service') return false;
        if (!/^Get(Profiles|StreamUri)$/.test(action)) return false;
        response.writeHead(404).end('<html></html>');
        return true;
      },
    });

  it('is asked at another port of the same address', async () => {
    const media = await device({ auth: 'wsse', ...login });
    const fake = await split(`http://127.0.0.1:${media.port}/media`, { auth: 'wsse', ...login });
    expect(await locate(fake, login)).toMatchObject({ location: { profileToken: 'Main "1"' } });
    expect(media.actions).toEqual(['GetProfiles', 'GetStreamUri']);
  });

  it('is asked at that port of its own address when the named host is not to be had', async () => {
    const media = await device({});
    for (const host of ['8.8.8.8', '127.0.0.9', 'nobody.invalid', '0.0.0.0', '169.254.169.254']) {
      const fake = await split(`http://${host}:${media.port}/media`);
      expect((await locate(fake)).profiles).toHaveLength(3);
    }
  });

  it('is asked at another address that the policy allows, and never at one that it does not', async () => {
    const [allowed, forbidden] = [await device({ host: '127.0.0.2' }), await device({ host: '127.0.0.3' })];
    expect((await locate(await split(`http://127.0.0.2:${allowed.port}/media`))).profiles).toHaveLength(3);
    const failure = locate(await split(`http://127.0.0.3:${forbidden.port}/media`));
    await expect(failure).rejects.toMatchObject({ code: 'CAMERA.ONVIF_FAILED' });
    expect(forbidden.actions).toEqual([]);
  });

  it('says what its own address answered when nothing is anywhere', async () => {
    const silent = await startRawServer((socket) => socket.end());
    running.push(silent);
    const failure = locate(await split(`http://127.0.0.1:${silent.port}/media`));
    await expect(failure).rejects.toMatchObject({
      code: 'CAMERA.ONVIF_FAILED',
      message: expect.stringContaining('HTTP 404'),
    });
  });
});

describe('an ONVIF device with an odd stream address', () => {
  it.each([
    ['\n      rtsp://127.0.0.1:8554/a\n    ', 'rtsp://127.0.0.1:8554/a'],
    ['\trtsp://127.0.0.1:8554/a\t', 'rtsp://127.0.0.1:8554/a'],
    ['rtsp://127.0.0.1:8554/Streaming/\n      Channels/101', 'rtsp://127.0.0.1:8554/Streaming/Channels/101'],
    ['rtsp://127.0.0.1:8554/Profile 1?x=a b', 'rtsp://127.0.0.1:8554/Profile%201?x=a%20b'],
    ['rtsp://127.0.0.1:8554/Profile%201?x=%2F', 'rtsp://127.0.0.1:8554/Profile%201?x=%2F'],
    ['rtsp://127.0.0.1:8554/caméra/1', 'rtsp://127.0.0.1:8554/cam%C3%A9ra/1'],
    ['rtsp:// 127.0.0.1 : 8554 /a', 'rtsp://127.0.0.1:8554/a'],
    ['rtsp://127.0.0.1:/a', 'rtsp://127.0.0.1/a'],
    ['rtsp:///a', 'rtsp://127.0.0.1/a'],
    ['rtsp://:8554/a', 'rtsp://127.0.0.1:8554/a'],
    ['rtsp://127.0.0.1:8554/a?u=http://b@c:d', 'rtsp://127.0.0.1:8554/a?u=http://b@c:d'],
    ['<![CDATA[ rtsp://127.0.0.1:8554/a?b=1&c=2 ]]>', 'rtsp://127.0.0.1:8554/a?b=1&c=2'],
    ['rtsp://127.0.0.1:8554/a?b=1&c=2', 'rtsp://127.0.0.1:8554/a?b=1&c=2'],
  ])('%j is understood', async (uri, url) => {
    expect((await locate(await device({ streamUri: () => uri }))).location.url).toBe(url);
  });

  it('may carry an empty password', async () => {
    const fake = await device({ streamUri: () => 'rtsp://admin:@127.0.0.1:8554/a' });
    expect((await locate(fake)).location).toMatchObject({ username: 'admin', password: '' });
  });
});

describe('an ONVIF device with odd profile tokens', () => {
  it.each(['1', '007', '1.0', '12345678901234567890', '0x1F', 'true', '-0', ' 5'])('%j stays a text', async (token) => {
    const fake = await device({
      replies: {
        GetProfiles: () => profiles(profile(token)),
        GetStreamUri: (_at, { body }) =>
          askedToken(body) === token ? streamUri('rtsp://127.0.0.1:8554/a') : envelope(''),
      },
    });
    expect((await locate(fake)).location.profileToken).toBe(token);
    expect((await locate(fake, { profileToken: token })).location).toMatchObject({ profileToken: token });
  });
});

describe('an ONVIF device with an odd login', () => {
  it.each(['latin1', 'utf8'] as const)('has a realm in %s', async (encoding) => {
    const realm = Buffer.from('Caméra à côté', encoding).toString('latin1');
    const odd = { username: 'ädmin', password: 'päß€' };
    const fake = await device({ auth: 'digest', realm, ...odd });
    expect((await locate(fake, odd)).profiles).toHaveLength(3);
  });

  it.each([
    ['ter:NotAuthorized', 'Sender not Authorized'],
    ['env:MustUnderstand', 'Header Security not understood'],
  ])('knows HTTP Digest alone, and answers %s to a signature', async (code, reason) => {
    const asked: boolean[] = [];
    const fake = await device({
      ...{ auth: 'digest', ...login },
      fault: (action, response, _request, body) => {
        if (action !== 'GetSystemDateAndTime') asked.push(body.includes('<Security'));
        if (!body.includes('<Security')) return false;
        response.writeHead(400).end(soapFault(code, reason));
        return true;
      },
    });
    expect((await locate(fake, login)).profiles).toHaveLength(3);
    expect(asked.filter((signed) => signed)).toHaveLength(1);
  });

  it('is not given a wrong password a second time when it asks for none by HTTP', async () => {
    const fake = await device({ auth: 'wsse', ...login });
    await expect(locate(fake, { ...login, password: 'wrong' })).rejects.toMatchObject({
      code: 'CAMERA.WRONG_PASSWORD',
    });
    expect(fake.signed()).toBe(1);
  });

  it.each(['wsse', 'digest', 'basic'] as const)('has an empty password by %s', async (auth) => {
    const fake = await device({ auth, username: 'admin', password: '' });
    for (const password of [{ password: '' }, {}]) {
      expect((await locate(fake, { username: 'admin', ...password })).profiles).toHaveLength(3);
    }
  });

  const localTime = (ms: number, zone: string) => {
    const at = new Date(ms);
    return (
      `<GetSystemDateAndTimeResponse><SystemDateAndTime>${zone}<LocalDateTime>` +
      `<Time><Hour>${at.getUTCHours()}</Hour><Minute>${at.getUTCMinutes()}</Minute><Second>${at.getUTCSeconds()}</Second></Time>` +
      `<Date><Year>${at.getUTCFullYear()}</Year><Month>${at.getUTCMonth() + 1}</Month><Day>${at.getUTCDate()}</Day></Date>` +
      '</LocalDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>'
    );
  };
  const days = 24 * HOUR_MS;

  it.each([
    ['with TZ', 8 * HOUR_MS, 0, '<TimeZone><TZ>CST-8</TZ></TimeZone>'],
    ['with TZ, ten days off', 8 * HOUR_MS, 10 * days, '<TimeZone><TZ>CST-8:00:00</TZ></TimeZone>'],
    ['with TZ the wrong way round', 8 * HOUR_MS, 0, '<TimeZone><TZ>GMT+08:00</TZ></TimeZone>'],
    ['without TZ', 8 * HOUR_MS, 120_000, ''],
    ['with an empty TZ', -5 * HOUR_MS, -60_000, '<TimeZone><TZ/></TimeZone>'],
  ])('tells local time only, %s', async (_what, zoneMs, clockSkewMs, zone) => {
    const reply = () => localTime(Date.now() + clockSkewMs + zoneMs, zone);
    const fake = await device({ auth: 'wsse', ...login, clockSkewMs, replies: { GetSystemDateAndTime: reply } });
    expect((await locate(fake, login)).profiles).toHaveLength(3);
  });

  it('tells no time, with and without a Date header', async () => {
    const replies = { GetSystemDateAndTime: () => '<GetSystemDateAndTimeResponse/>' };
    const plain = await device({ auth: 'wsse', ...login, replies, dateHeader: false });
    expect((await locate(plain, login)).profiles).toHaveLength(3);
    const dateHeader = new Date(Date.now() - 10 * days).toUTCString();
    const dated = await device({ auth: 'wsse', ...login, replies, dateHeader, clockSkewMs: -10 * days });
    expect((await locate(dated, login)).profiles).toHaveLength(3);
  });
});
