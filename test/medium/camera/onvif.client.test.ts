import { afterEach, describe, expect, it } from '@jest/globals';
import { redactor } from '../../../src/common/redaction.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { AddressPolicy } from '../../../src/modules/camera/address-policy.service.js';
import { OnvifClient, type OnvifTarget } from '../../../src/modules/camera/onvif.client.js';
import { type FakeOnvifOptions, soapFault, startFakeOnvif } from './support/fake-onvif.js';
import { startBlackHole } from './support/black-hole.js';
import { closedPort, startRawServer, type TestServer } from './support/servers.js';

const TIMEOUT_MS = 1_000;
const client = clientThatWaits(TIMEOUT_MS);
const running: TestServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function clientThatWaits(connectTimeoutMs: number): OnvifClient {
  const config = { cameras: { allowedCidrs: ['127.0.0.0/8'], connectTimeoutMs } } as unknown as AppConfig;
  return new OnvifClient(config, new AddressPolicy(config));
}

async function device(options: FakeOnvifOptions = {}) {
  const fake = await startFakeOnvif(options);
  running.push(fake);
  return fake;
}

const target = (port: number, login: Partial<OnvifTarget> = {}): OnvifTarget => ({
  address: '127.0.0.1',
  port,
  ...login,
});
const failsWith = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('OnvifClient on a device that works', () => {
  it('lists the profiles and asks for a stream and a snapshot', async () => {
    const { port } = await device();
    const session = await client.connect(target(port));
    expect(await session.getProfiles()).toEqual([
      { token: 'meta&1', name: 'metadata only', codec: null, width: null, height: null, fps: null },
      { token: 'Main "1"', name: 'mainStream', codec: 'H264', width: 1920, height: 1080, fps: 25 },
      { token: '2', name: 'subStream', codec: 'JPEG', width: 640, height: 360, fps: 25 },
    ]);
    expect(await session.getStreamUri('2')).toBe('rtsp://127.0.0.1:8554/2?a=1&b=2');
    expect(await session.getStreamUri('Main "1"')).toContain('rtsp://127.0.0.1:8554/Main');
    expect(await session.getSnapshotUri('2')).toContain('2?a=1&b=2');
  });

  it.each(['works', 'broken'] as const)('reads the same where Media2 %s', async (media2) => {
    const { port } = await device({ media2 });
    const session = await client.connect(target(port));
    expect((await session.getProfiles())[1]).toEqual({
      token: 'Main "1"',
      name: 'mainStream',
      codec: 'H264',
      width: 1920,
      height: 1080,
      fps: 25,
    });
    expect(await session.getStreamUri('2')).toBe('rtsp://127.0.0.1:8554/2?a=1&b=2');
  });

  it('goes on with GetCapabilities where there is no GetServices', async () => {
    const { port } = await device({ getServices: false });
    const session = await client.connect(target(port));
    expect(await session.getProfiles()).toHaveLength(3);
  });

  it('never follows the host in a service address', async () => {
    const elsewhere = await device();
    const { port, actions } = await device({ xaddrHost: `127.0.0.1:${elsewhere.port}/#` });
    const session = await client.connect(target(port));
    await session.getProfiles().catch(() => undefined);
    expect(actions).toContain('GetProfiles');
    expect(elsewhere.actions).toEqual([]);
  });

  const odd = { username: `ad<m&in"'`, password: `p@ß:w/rd#%&"'?é€😀` };
  it.each(['wsse', 'digest', 'basic'] as const)(
    'logs in by %s, odd characters and a wrong clock included',
    async (auth) => {
      for (const clockSkewMs of [0, -3_600_000 * 24 * 400, 7_200_000]) {
        const { port } = await device({ auth, ...odd, clockSkewMs });
        const session = await client.connect(target(port, odd));
        expect(await session.getProfiles()).toHaveLength(3);
      }
    },
  );

  it('uses its own clock when the device does not tell the time', async () => {
    const fault: FakeOnvifOptions['fault'] = (action, response) => {
      if (action !== 'GetSystemDateAndTime') return false;
      response.writeHead(400).end(soapFault('ter:ActionNotSupported', 'no'));
      return true;
    };
    const { port } = await device({ auth: 'wsse', ...odd, fault });
    expect(await (await client.connect(target(port, odd))).getProfiles()).toHaveLength(3);
  });
});

describe('OnvifClient says what is wrong', () => {
  it.each(['wsse', 'digest', 'basic'] as const)('with a wrong password by %s, after few attempts', async (auth) => {
    const { port, actions } = await device({ auth, username: 'admin', password: 'right' });
    const wrong = client.connect(target(port, { username: 'admin', password: 'wrong-secret' }));
    await expect(wrong).rejects.toEqual(failsWith('CAMERA.WRONG_PASSWORD', 'refuses the user name or password'));
    await expect(wrong).rejects.not.toThrow(/wrong-secret/);
    expect(actions.filter((action) => action !== 'GetSystemDateAndTime').length).toBeLessThanOrEqual(2);
    await expect(client.connect(target(port))).rejects.toEqual(failsWith('CAMERA.WRONG_PASSWORD', 'none is stored'));
  });

  it('with an unknown profile', async () => {
    for (const media2 of ['none', 'works'] as const) {
      const { port } = await device({ media2 });
      const session = await client.connect(target(port));
      await expect(session.getStreamUri('nope</ProfileToken>')).rejects.toEqual(failsWith('CAMERA.NO_SUCH_PROFILE'));
    }
  });

  it('when nobody listens, and when nobody answers the connection', async () => {
    await expect(client.connect(target(await closedPort()))).rejects.toEqual(
      failsWith('CAMERA.UNREACHABLE', 'refused'),
    );
    const hole = await startBlackHole();
    running.push(hole);
    const begun = performance.now();
    await expect(client.connect(target(hole.port), 300)).rejects.toEqual(
      failsWith('CAMERA.UNREACHABLE', 'did not answer'),
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('when the device has no video', async () => {
    const services =
      '<Service><Namespace>http://www.onvif.org/ver10/device/wsdl</Namespace><XAddr>http://x/y</XAddr></Service>';
    const { port } = await device({
      replies: {
        GetServices: () => `<GetServicesResponse>${services}<Service/></GetServicesResponse>`,
        GetCapabilities: () => '<GetCapabilitiesResponse><Capabilities/></GetCapabilitiesResponse>',
      },
    });
    await expect(client.connect(target(port))).rejects.toEqual(failsWith('CAMERA.ONVIF_FAILED', 'no media service'));
  });

  it('when a stream address is missing or no text', async () => {
    for (const streamUri of ['', '<a/>', '<tt:Uri>x</tt:Uri>']) {
      const { port } = await device({ streamUri: () => streamUri });
      const session = await client.connect(target(port));
      await expect(session.getStreamUri('2')).rejects.toEqual(
        failsWith('CAMERA.ONVIF_FAILED', 'without a stream address'),
      );
    }
  });
});

const bomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "${'x'.repeat(100)}"><!ENTITY c "&b;&b;&b;">]><Envelope><Body>&c;</Body></Envelope>`;
const BODIES: [string, string][] = [
  ['nothing', ''],
  ['HTML', '<!DOCTYPE html><html><body>Login</body></html>'],
  ['JSON', '{"ok":true}'],
  ['cut XML', '<Envelope><Body><GetServicesResponse><Service>'],
  ['an empty envelope', '<Envelope/>'],
  ['an empty body', '<Envelope><Body/></Envelope>'],
  ['another answer', '<Envelope><Body><SomethingElse/></Body></Envelope>'],
  ['an empty fault', '<Envelope><Body><Fault/></Body></Envelope>'],
  [
    'a bare service',
    '<Envelope><Body><GetServicesResponse><Service>x</Service></GetServicesResponse></Body></Envelope>',
  ],
  [
    'a hostile service',
    '<Envelope><Body><GetServicesResponse><Service><Namespace>http://www.onvif.org</Namespace><XAddr>http://[</XAddr></Service><Service><Namespace>http://www.onvif.org/ver10/__proto__</Namespace><XAddr>::</XAddr></Service></GetServicesResponse></Body></Envelope>',
  ],
  ['an entity bomb', bomb],
  [
    'deep nesting',
    `<Envelope><Body><GetServicesResponse>${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}</GetServicesResponse></Body></Envelope>`,
  ],
  ['many namespaces', `<Envelope ${'xmlns'.repeat(100_000)}`],
  ['binary', '\u0000\u0001\u0002\ufffd'],
];

describe('OnvifClient on a device that misbehaves', () => {
  const everywhere = ['GetSystemDateAndTime', 'GetServices', 'GetCapabilities', 'GetProfiles', 'GetStreamUri'];
  // Reading a long answer may take a busy machine a second: that is not what is asked here.
  const patient = clientThatWaits(20 * TIMEOUT_MS);
  const outcome = async (port: number, asking = client) => {
    const session = await asking.connect(target(port, { username: 'admin', password: 'secret-pw' }));
    await session.getProfiles();
    return session.getStreamUri('2');
  };
  const known = { code: expect.stringMatching(/^CAMERA\.(ONVIF_FAILED|WRONG_PASSWORD)$/), name: 'AppError' };

  it.each(BODIES)('fails with a sentence on %s, in whichever answer', async (_what, body) => {
    for (const status of [200, 500]) {
      for (const broken of everywhere) {
        const fault: FakeOnvifOptions['fault'] = (action, response) => {
          if (action !== broken) return false;
          response.writeHead(status).end(body);
          return true;
        };
        const { port, stop } = await device({ fault });
        const result = await outcome(port, patient).catch((error: unknown) => error);
        // The time and one of the two ways to the services may be missing; the rest may not.
        if (typeof result === 'string')
          expect(['GetSystemDateAndTime', 'GetServices', 'GetCapabilities']).toContain(broken);
        else expect(result).toMatchObject(known);
        await stop();
      }
    }
  });

  it.each<[string, FakeOnvifOptions['fault'], string]>([
    ['hangs', () => true, 'did not answer ONVIF within 1000 ms'],
    [
      'resets the connection',
      (_a, response) => Boolean(response.socket?.resetAndDestroy()),
      'answered, but not as ONVIF should',
    ],
    [
      'breaks off in the middle',
      (_a, response) =>
        Boolean(
          response.writeHead(200, { 'Content-Length': 1000 }).write('<Envelope>', () => response.socket?.destroy()),
        ) || true,
      'not as ONVIF should',
    ],
    ['drips', (_a, response) => drip(response), 'did not answer ONVIF within 1000 ms'],
    ['never stops', (_a, response) => flood(response), 'longer than'],
    ['answers elements in each other', (_a, response) => Boolean(response.end('<a>'.repeat(140_000))), 'deep'],
    [
      'answers elements without end',
      (_a, response) => Boolean(response.end(`<a>${'<b/>'.repeat(200_000)}`)),
      'elements',
    ],
    [
      'sends elsewhere',
      (_a, response) => Boolean(response.writeHead(302, { Location: 'http://169.254.169.254/' }).end()),
      'HTTP 302',
    ],
  ])('fails in time when it %s', async (_what, fault, message) => {
    for (const broken of ['GetSystemDateAndTime', 'GetServices', 'GetStreamUri']) {
      const { port, stop } = await device({
        fault: (action, ...rest) => action === broken && fault!(action, ...rest),
      });
      const begun = performance.now();
      const result = await outcome(port).catch((error: unknown) => error);
      expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + 1_500);
      if (message === 'HTTP 302' && broken !== 'GetStreamUri') expect(typeof result).toBe('string');
      else expect(result).toEqual(failsWith('CAMERA.ONVIF_FAILED', message));
      await stop();
    }
  });

  it('repeats a fault as the device said it, whosever secret it guesses, but for its own password', async () => {
    redactor.add('jwt-secret-guess');
    const said = 'jwt-secret-guess other-guess secret-pw';
    const fault: FakeOnvifOptions['fault'] = (_action, response) => {
      response.writeHead(500).end(soapFault('ter:Whatever', said));
      return true;
    };
    const { port } = await device({ fault });
    const error = await outcome(port).catch((thrown: unknown) => thrown);
    expect(error).toEqual(failsWith('CAMERA.ONVIF_FAILED', 'jwt-secret-guess other-guess ***'));
    expect(String((error as Error).cause)).not.toContain('secret-pw');
  });

  it('leaves out profiles without a token', async () => {
    const fault: FakeOnvifOptions['fault'] = (action, response) => {
      if (action !== 'GetProfiles') return false;
      response.end(
        '<Envelope><Body><GetProfilesResponse><Profiles/><Profiles token="a"/></GetProfilesResponse></Body></Envelope>',
      );
      return true;
    };
    const { port } = await device({ fault });
    const session = await client.connect(target(port));
    expect((await session.getProfiles()).map(({ token }) => token)).toEqual(['a']);
  });

  it('fails on what is not HTTP', async () => {
    const server = await startRawServer((socket) => socket.end('RTSP/1.0 400 Bad Request\r\n\r\n'));
    running.push(server);
    await expect(client.connect(target(server.port))).rejects.toEqual(
      failsWith('CAMERA.ONVIF_FAILED', 'check the port'),
    );
  });
});

function drip(response: { write(text: string): unknown; once(event: 'close', act: () => void): unknown }): boolean {
  const timer = setInterval(() => response.write(' '), 50);
  response.once('close', () => clearInterval(timer));
  return true;
}

function flood(response: { write(text: string, done: () => void): unknown; destroyed: boolean }): boolean {
  const more = () => {
    if (!response.destroyed) response.write('<a>'.repeat(20_000), more);
  };
  more();
  return true;
}
