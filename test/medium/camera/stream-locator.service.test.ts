import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { AddressPolicy } from '../../../src/modules/camera/address-policy.service.js';
import { applyChanges, newCamera } from '../../../src/modules/camera/camera-changes.js';
import { CameraSecrets } from '../../../src/modules/camera/camera-secrets.js';
import { CredentialCipher } from '../../../src/modules/camera/credential.cipher.js';
import type { CreateCameraDto } from '../../../src/modules/camera/dto/camera-input.dto.js';
import { OnvifClient } from '../../../src/modules/camera/onvif.client.js';
import { StreamLocator } from '../../../src/modules/camera/stream-locator.service.js';
import { type FakeOnvifOptions, startFakeOnvif } from './support/fake-onvif.js';
import { closedPort, startRawServer, type TestServer } from './support/servers.js';

const running: TestServer[] = [];
const lines: string[] = [];
const config = {
  credentialsKey: randomBytes(32),
  cameras: { allowedCidrs: ['127.0.0.0/8', '10.0.0.0/8'], connectTimeoutMs: 1_000 },
} as unknown as AppConfig;
const secrets = new CameraSecrets(new CredentialCipher(config));
const policy = new AddressPolicy(config);
const dns: Record<string, string[]> = { 'camera.lan': ['127.0.0.1'], 'evil.lan': ['127.0.0.1', '169.254.169.254'] };
policy.lookupAll = async (name) => dns[name] ?? Promise.reject(new Error('ENOTFOUND'));
const locator = new StreamLocator(
  policy,
  new OnvifClient(config, policy),
  secrets,
  createLogger('info', (line) => lines.push(line)),
);

afterEach(async () => {
  lines.length = 0;
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function camera(input: Partial<CreateCameraDto>) {
  const row = newCamera(randomUUID());
  applyChanges(row, { name: 'c', ...input }, secrets);
  return row;
}

async function onvifDevice(options: FakeOnvifOptions) {
  const fake = await startFakeOnvif(options);
  running.push(fake);
  return { host: '127.0.0.1', port: fake.port };
}

/** A port with somebody behind it, as an RTSP port is. */
async function openPort(): Promise<number> {
  const server = await startRawServer(() => undefined);
  running.push(server);
  return server.port;
}

const failsWith = (code: string) => expect.objectContaining({ code });

describe('StreamLocator on a fixed address', () => {
  it('pins a name to the address that was checked', async () => {
    const row = camera({ rtspUrl: 'rtsp://camera.lan:8554/a?b', username: 'me', password: 'p@ss' });
    expect(await locator.locate(row)).toEqual({
      url: 'rtsp://127.0.0.1:8554/a?b',
      address: '127.0.0.1',
      port: 8554,
      username: 'me',
      password: 'p@ss',
      source: 'rtspUrl',
    });
  });

  it('keeps the name for TLS', async () => {
    expect(await locator.locate(camera({ rtspUrl: 'rtsps://camera.lan/a' }))).toEqual({
      url: 'rtsps://camera.lan/a',
      address: '127.0.0.1',
      port: 322,
      source: 'rtspUrl',
    });
  });

  it('opens an address that is stored sealed, and credentials that an older version left inside', async () => {
    const sealed = camera({ rtspUrl: 'rtsp://10.1.1.1/user=a&password=tl-Jwpbo6' });
    expect((await locator.locate(sealed)).url).toBe('rtsp://10.1.1.1/user=a&password=tl-Jwpbo6');
    const old = Object.assign(camera({ rtspUrl: 'rtsp://10.1.1.1/' }), { rtspUrl: 'rtsp://old:secret-old@10.1.1.1/a' });
    expect(await locator.locate(old)).toMatchObject({
      url: 'rtsp://10.1.1.1/a',
      username: 'old',
      password: 'secret-old',
    });
  });

  it.each([
    ['rtsp://nobody.lan/', 'CAMERA.HOST_UNKNOWN'],
    ['rtsp://evil.lan/', 'CAMERA.ADDRESS_NOT_ALLOWED'],
    ['rtsp://8.8.8.8/', 'CAMERA.ADDRESS_NOT_ALLOWED'],
    ['rtsp://[::ffff:169.254.169.254]/', 'CAMERA.ADDRESS_NOT_ALLOWED'],
  ])('refuses %s', async (rtspUrl, code) => {
    await expect(locator.locate(camera({ rtspUrl }))).rejects.toEqual(failsWith(code));
  });

  it('waits for DNS only as long as it may', async () => {
    const slow = new AddressPolicy({ cameras: { allowedCidrs: [], connectTimeoutMs: 50 } } as unknown as AppConfig);
    slow.lookupAll = () => new Promise(() => undefined);
    await expect(slow.resolve('slow.lan')).rejects.toEqual(failsWith('CAMERA.HOST_UNKNOWN'));
  });
});

describe('StreamLocator by ONVIF', () => {
  const login = { username: 'admin', password: 'onvif-secret' };

  it('takes the first profile with video, and the stream credentials where there are any', async () => {
    const rtspPort = await openPort();
    const onvif = {
      ...(await onvifDevice({
        auth: 'wsse',
        ...login,
        streamUri: (token) => `rtsp://127.0.0.1:${rtspPort}/${token.length}`,
      })),
      ...login,
    };
    const expected = {
      url: `rtsp://127.0.0.1:${rtspPort}/18`,
      source: 'onvif',
      profileToken: 'Main "1"',
      address: '127.0.0.1',
    };
    expect(await locator.locate(camera({ onvif }))).toMatchObject({ ...expected, ...login });
    expect(await locator.locate(camera({ onvif, username: 'viewer', password: 'rtsp-secret' }))).toMatchObject({
      ...expected,
      username: 'viewer',
      password: 'rtsp-secret',
    });
    expect(await locator.locate(camera({ onvif: { ...onvif, profileToken: '2' } }))).toMatchObject({
      profileToken: '2',
    });
    await expect(locator.locate(camera({ onvif: { ...onvif, profileToken: 'gone' } }))).rejects.toEqual(
      failsWith('CAMERA.NO_SUCH_PROFILE'),
    );
    const { profiles } = await locator.locateWithProfiles(camera({ onvif: { ...onvif, profileToken: '2' } }));
    expect(profiles).toHaveLength(3);
  });

  it.each(['169.254.169.254', '8.8.8.8', 'evil.lan', 'nobody.lan', '[::ffff:169.254.169.254]'])(
    'replaces an answered host %s by the address of the device, and logs it',
    async (host) => {
      const onvif = await onvifDevice({ streamUri: () => `rtsp://u:pw-in-answer@${host}:8554/a?b=1` });
      expect(await locator.locate(camera({ onvif }))).toMatchObject({
        url: 'rtsp://127.0.0.1:8554/a?b=1',
        address: '127.0.0.1',
        port: 8554,
      });
      expect(lines.join('')).toContain('stream host replaced');
      expect(lines.join('')).not.toContain('pw-in-answer');
    },
  );

  it('takes the answered host when it accepts connections, else that of the device', async () => {
    const here = await startRawServer(() => undefined);
    running.push(here);
    const reachable = await onvifDevice({ streamUri: () => `rtsp://127.0.0.2:${here.port}/a` });
    // Nobody listens at 127.0.0.2: the server is bound to 127.0.0.1 alone.
    expect(await locator.locate(camera({ onvif: reachable }))).toMatchObject({
      address: '127.0.0.1',
      url: `rtsp://127.0.0.1:${here.port}/a`,
    });
    expect(lines.join('')).toContain('not reachable');
    const port = await closedPort();
    const nowhere = await onvifDevice({ streamUri: () => `rtsp://127.0.0.2:${port}/a` });
    expect(await locator.locate(camera({ onvif: nowhere }))).toMatchObject({ address: '127.0.0.2' });
    const named = await onvifDevice({ streamUri: () => `rtsp://camera.lan:${here.port}/a` });
    expect(await locator.locate(camera({ onvif: named }))).toMatchObject({ url: `rtsp://127.0.0.1:${here.port}/a` });
  });

  it.each(['file:///etc/passwd', 'http://127.0.0.1/', '-i', 'rtsp://0x7f000001/', 'concat:x'])(
    'refuses the answered address %j',
    async (uri) => {
      const onvif = await onvifDevice({ streamUri: () => uri });
      await expect(locator.locate(camera({ onvif }))).rejects.toEqual(failsWith('CAMERA.ONVIF_FAILED'));
    },
  );

  it('does not connect to a device outside the allowed networks', async () => {
    await expect(locator.locate(camera({ onvif: { host: '169.254.169.254', port: 80 } }))).rejects.toEqual(
      failsWith('CAMERA.ADDRESS_NOT_ALLOWED'),
    );
  });

  it('says that the key has changed', async () => {
    const other = new CameraSecrets(new CredentialCipher({ credentialsKey: randomBytes(32) } as AppConfig));
    const stranger = new StreamLocator(policy, new OnvifClient(config, policy), other, createLogger('silent'));
    const onvif = { ...(await onvifDevice({})), ...login };
    await expect(stranger.locate(camera({ onvif }))).rejects.toEqual(failsWith('CAMERA.CREDENTIALS_UNREADABLE'));
  });
});
