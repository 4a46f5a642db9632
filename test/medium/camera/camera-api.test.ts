import { randomBytes, randomUUID } from 'node:crypto';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppLogger } from '../../../src/common/logging.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { CameraRepository } from '../../../src/modules/camera/camera.repository.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { ADMIN_PASSWORD, JWT_SECRET, startTestApp, type TestApp } from '../../support/http-app.js';
import { soapFault, startFakeOnvif } from './support/fake-onvif.js';
import { H264_SDP, startFakeRtsp } from './support/fake-rtsp.js';
import { closedPort } from './support/servers.js';

let database: TestDatabase;
let app: TestApp;
let admin: string;
let operator: string;
let viewer: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = {
    CREDENTIALS_KEY: randomBytes(32).toString('base64'),
    CAMERA_ALLOWED_CIDRS: '127.0.0.0/8,192.168.0.0/16',
    CAMERA_TIMEOUT_MS: '1500',
  };
  app = await startTestApp(database, env, { imports: [CameraModule] });
  [admin, operator, viewer] = [await app.tokenOf('ADMIN'), await app.tokenOf('OPERATOR'), await app.tokenOf('VIEWER')];
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

const post = (body: unknown, token = admin) => app.call('POST', '/cameras', { token, body });
const onvif = { host: '192.168.1.10', port: 8080, username: 'admin', password: 'onvif-secret-1', profileToken: 'P1' };
const rowOf = (id: string) =>
  database.dataSource.getRepository(Camera).findOneOrFail({ where: { id }, withDeleted: true });

async function add(body: Record<string, unknown>): Promise<string> {
  const { status, json, text } = await post({ name: 'Camera', ...body });
  if (status !== 201) throw new Error(`${status} ${text}`);
  return json['id'] as string;
}

describe('POST /cameras', () => {
  it('adds a camera that is switched off, and never gives a password back', async () => {
    const { status, json, text } = await post({
      name: '  Front door ',
      onvif,
      rtspUrl: 'rtsp://me:rtsp-secret-1@192.168.1.10/a',
      enabled: false,
      recordOn: ['doorbell'],
      preRollSec: 5,
      recordAudio: false,
    });
    expect(status).toBe(201);
    const { id, createdAt, updatedAt, ...rest } = json;
    expect(rest).toEqual({
      name: 'Front door',
      onvif: { host: '192.168.1.10', port: 8080, username: 'admin', hasPassword: true, profileToken: 'P1' },
      rtspUrl: 'rtsp://192.168.1.10/a',
      username: 'me',
      hasPassword: true,
      enabled: false,
      continuous: false,
      recordOn: ['DOORBELL'],
      preRollSec: 5,
      postRollSec: 0,
      maxRecordingSec: 300,
      overlapPolicy: 'parallel',
      recordAudio: false,
      status: null,
    });
    expect([createdAt, updatedAt]).toEqual([expect.stringMatching(/Z$/), expect.stringMatching(/Z$/)]);
    const read = await app.call('GET', `/cameras/${id}`, { token: viewer });
    expect(read.json).toEqual(json);
    expect(`${text}${read.text}${JSON.stringify(await rowOf(String(id)))}`).not.toMatch(/-secret-1/);
  });

  it('takes an empty password as one, and null as none', async () => {
    const rtspUrl = 'rtsp://192.168.1.10/a';
    const id = await add({ rtspUrl, username: 'admin', password: '', onvif: { ...onvif, password: '' } });
    const shown = async () => (await app.call('GET', `/cameras/${id}`, { token: viewer })).json;
    expect(await shown()).toMatchObject({ hasPassword: true, onvif: { hasPassword: true } });
    const body = { password: null, onvif: { password: null } };
    expect((await app.call('PATCH', `/cameras/${id}`, { token: admin, body })).status).toBe(200);
    expect(await shown()).toMatchObject({
      ...{ username: 'admin', hasPassword: false },
      onvif: { username: 'admin', hasPassword: false },
    });
    const { status, json } = await post({ name: 'x', rtspUrl, password: '' });
    expect([status, json['errors']]).toEqual([400, [{ field: 'password', message: 'password needs username' }]]);
  });

  it('shows a password inside a stream address as stars', async () => {
    const id = await add({ rtspUrl: 'rtsp://192.168.1.10/user=a&password=path-secret-1&channel=1' });
    const { json } = await app.call('GET', `/cameras/${id}`, { token: admin });
    expect(json['rtspUrl']).toBe('rtsp://192.168.1.10/user=a&password=***&channel=1');
    expect((await rowOf(id)).rtspUrl).not.toContain('path-secret-1');
  });

  it.each([
    'file:///etc/passwd',
    '-i',
    'http://169.254.169.254/',
    'rtsp://192.168.1.10/a\nb',
    'rtsp://169.254.169.254/x',
    'rtsp://0x7f000001/',
    'rtsp://[::ffff:169.254.169.254]/',
    'concat:rtsp://192.168.1.10/',
    'rtsp:///nohost',
    'pipe:0',
    `rtsp://192.168.1.10/${'a'.repeat(1000)}`,
    'rtsp://user@-host/',
    'rtsp://8.8.8.8/',
    'rtsp://localhost.invalid/',
    'rtsp://192.168.1.10/user=a&password=long-secret' + 'x'.repeat(900),
    '',
    1,
    {},
    ['rtsp://192.168.1.10/'],
  ])('refuses the rtspUrl %j', async (rtspUrl) => {
    const { status, json } = await post({ name: 'x', rtspUrl });
    expect(status).toBe(400);
    expect(['REQUEST.INVALID', 'CAMERA.ADDRESS_NOT_ALLOWED', 'CAMERA.HOST_UNKNOWN']).toContain(json['code']);
    expect(json['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ field: 'rtspUrl' })]));
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{}, ['onvif']],
    [{ onvif: null, rtspUrl: null }, ['onvif']],
    [{ onvif: {} }, ['onvif.host', 'onvif.port']],
    [{ onvif: [] }, ['onvif']],
    [{ onvif: 'x' }, ['onvif']],
    [{ onvif: { ...onvif, host: '0x7f.1' } }, ['onvif.host']],
    [{ onvif: { ...onvif, host: '169.254.169.254' } }, ['onvif.host']],
    [{ onvif: { ...onvif, host: 'nobody.invalid' } }, ['onvif.host']],
    [{ onvif: { ...onvif, port: 0 } }, ['onvif.port']],
    [{ onvif: { ...onvif, port: '80' } }, ['onvif.port']],
    [{ onvif: { ...onvif, path: '/x' } }, ['onvif.path']],
    [{ onvif: { ...onvif, username: 'a:b' } }, ['onvif.username']],
    [{ onvif: { ...onvif, password: 'a\nb' } }, ['onvif.password']],
    [{ onvif: { ...onvif, username: null } }, ['onvif.password']],
    [{ onvif, name: '' }, ['name']],
    [{ onvif, name: null }, ['name']],
    [{ onvif, name: 'a\u0007' }, ['name']],
    [{ onvif, name: 'x'.repeat(101) }, ['name']],
    [{ onvif, password: 'x' }, ['password']],
    [{ onvif, preRollSec: 61 }, ['preRollSec']],
    [{ onvif, preRollSec: -1, postRollSec: 301, maxRecordingSec: 0 }, ['preRollSec', 'postRollSec', 'maxRecordingSec']],
    [{ onvif, maxRecordingSec: 43_201 }, ['maxRecordingSec']],
    [{ onvif, overlapPolicy: 'both' }, ['overlapPolicy']],
    [{ onvif, preRollSec: 1.5, recordAudio: 'yes' }, ['preRollSec', 'recordAudio']],
    [{ onvif, preRollSec: null }, ['preRollSec']],
    [{ onvif, enabled: 'no' }, ['enabled']],
    [{ onvif, enabled: null }, ['enabled']],
    [{ onvif, recordOn: 'MOTION' }, ['recordOn']],
    [{ onvif, recordOn: ['1X'] }, ['recordOn']],
    [{ onvif, recordOn: [1] }, ['recordOn']],
    [{ onvif, recordOn: Array.from({ length: 51 }, (_, i) => `T${i}`) }, ['recordOn']],
    [{ onvif, id: randomUUID(), rtspPasswordSealed: 'v1.x' }, ['id', 'rtspPasswordSealed']],
  ])('names every fault of %j', async (body, fields) => {
    const { status, json, text } = await post({ name: 'x', ...body });
    expect(status).toBe(400);
    expect(new Set((json['errors'] as { field: string }[]).map(({ field }) => field))).toEqual(new Set(fields));
    expect(text).not.toContain('onvif-secret-1');
  });

  it('refuses credentials that FFmpeg would cut off', async () => {
    const { status, json } = await post({
      name: 'x',
      rtspUrl: 'rtsp://192.168.1.10/',
      username: 'me',
      password: '%'.repeat(60),
    });
    expect([status, json['code']]).toEqual([400, 'CAMERA.CREDENTIALS_TOO_LONG']);
  });
});

describe('PATCH /cameras/:id', () => {
  const patch = (id: string, body: unknown) => app.call('PATCH', `/cameras/${id}`, { token: admin, body });

  it('leaves alone what is left out and clears what is null', async () => {
    const id = await add({ onvif, rtspUrl: 'rtsp://192.168.1.10/a', username: 'me', password: 'rtsp-secret-2' });
    const before = await rowOf(id);
    expect((await patch(id, { name: 'Back door' })).json).toMatchObject({ name: 'Back door', hasPassword: true });
    expect((await patch(id, { onvif: { port: 81 } })).json['onvif']).toEqual({
      host: '192.168.1.10',
      port: 81,
      username: 'admin',
      hasPassword: true,
      profileToken: 'P1',
    });
    expect(await rowOf(id)).toMatchObject({
      rtspPasswordSealed: before.rtspPasswordSealed,
      onvifPasswordSealed: before.onvifPasswordSealed,
    });
    expect((await patch(id, { rtspUrl: null, username: null })).json).toMatchObject({
      rtspUrl: null,
      username: null,
      hasPassword: false,
    });
    const last = await patch(id, { onvif: null });
    expect([last.status, last.json['code']]).toEqual([400, 'REQUEST.INVALID']);
  });

  it('keeps both of two changes at once', async () => {
    const id = await add({ onvif });
    await Promise.all([patch(id, { preRollSec: 7 }), patch(id, { postRollSec: 9 }), patch(id, { name: 'Both' })]);
    expect(await rowOf(id)).toMatchObject({ preRollSec: 7, postRollSec: 9, name: 'Both' });
  });

  it('checks addresses like the first time, and changes nothing when it refuses', async () => {
    const id = await add({ onvif });
    const before = await rowOf(id);
    expect((await patch(id, { rtspUrl: 'rtsp://169.254.169.254/x' })).json['code']).toBe('CAMERA.ADDRESS_NOT_ALLOWED');
    expect((await patch(id, { name: null })).status).toBe(400);
    expect((await patch(id, { onvif: { host: '8.8.8.8' }, name: 'moved' })).status).toBe(400);
    expect(await rowOf(id)).toEqual(before);
  });
});

describe('GET /cameras', () => {
  it('pages through all of them in a stable order, without the deleted ones', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await add({ name: `Page ${i}`, onvif }));
    await database.dataSource.query('UPDATE cameras SET created_at = $1 WHERE id = ANY($2)', [
      new Date('2031-01-01T00:00:00.123Z'),
      ids,
    ]);
    await app.call('DELETE', `/cameras/${ids[4]}`, { token: admin });
    const seen: string[] = [];
    let total = 0;
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await app.call('GET', `/cameras?limit=2${cursor && `&cursor=${cursor}`}`, { token: viewer });
      seen.push(...(json['data'] as { id: string }[]).map(({ id }) => id));
      total = json['total'] as number;
      cursor = json['nextCursor'] as string | null;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(total);
    expect(seen.slice(-4)).toEqual(ids.slice(0, 4).sort());
    expect(await database.dataSource.getRepository(Camera).count()).toBe(total);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=1.5', 'cursor=x', 'cursor=', 'cursor=a&cursor=b', 'page=2'])(
    'refuses ?%s',
    async (query) => {
      expect((await app.call('GET', `/cameras?${query}`, { token: viewer })).status).toBe(400);
    },
  );
});

describe('DELETE /cameras/:id', () => {
  it('forgets every user and password and keeps the row', async () => {
    const id = await add({ onvif, rtspUrl: 'rtsp://192.168.1.10/a', username: 'me', password: 'rtsp-secret-3' });
    expect((await app.call('DELETE', `/cameras/${id}`, { token: admin })).status).toBe(204);
    expect(await rowOf(id)).toMatchObject({
      name: 'Camera',
      onvifUsername: null,
      onvifPasswordSealed: null,
      rtspUsername: null,
      rtspPasswordSealed: null,
      rtspUrl: null,
      deletedAt: expect.any(Date),
    });
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/probe'],
    ] as const) {
      const { status, json } = await app.call(method, `/cameras/${id}${path}`, {
        token: admin,
        ...(method === 'PATCH' ? { body: {} } : {}),
      });
      expect([method, status, json['code']]).toEqual([method, 404, 'CAMERA.NOT_FOUND']);
    }
  });

  it.each([
    ['PENDING', 409],
    ['RECORDING', 409],
    ['PROCESSING', 409],
    ['COMPLETED', 204],
    ['FAILED', 204],
  ] as const)('with a playback that is %s answers %i', async (recordingStatus, expected) => {
    const cameraId = await add({ onvif });
    await database.dataSource.getRepository(Playback).insert({ cameraId, recordingStatus });
    const { status, json } = await app.call('DELETE', `/cameras/${cameraId}`, { token: admin });
    expect(status).toBe(expected);
    if (expected === 409) expect(json['code']).toBe('CAMERA.BUSY');
  });

  it('waits for whoever is about to give the camera a playback', async () => {
    const cameras = app.app.get(CameraRepository, { strict: false });
    const id = await add({ onvif });
    let answer: Promise<{ status: number }> | undefined;
    await database.dataSource.transaction(async (manager) => {
      await cameras.getShared(manager, id);
      answer = app.call('DELETE', `/cameras/${id}`, { token: admin });
      await untilLocked();
      await manager.getRepository(Playback).insert({ cameraId: id, recordingStatus: 'PENDING' });
    });
    expect((await answer)?.status).toBe(409);
    await expect(
      database.dataSource.transaction((manager) => cameras.getShared(manager, randomUUID())),
    ).rejects.toEqual(expect.objectContaining({ code: 'CAMERA.NOT_FOUND' }));
  });

  async function untilLocked(): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      const rows = await database.dataSource.query<unknown[]>(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('nobody waits for the lock');
  }
});

describe('POST /cameras/:id/probe', () => {
  let camera: VirtualCamera;
  const login = { username: 'admin', password: `p@ss:w/rd#%&"?é` };
  beforeAll(async () => {
    camera = await startVirtualCamera({ profile: 'h264-pcmu', ...login });
  });
  afterAll(() => camera.stop());

  const probe = async (body: Record<string, unknown>) => {
    const { status, json, text } = await app.call('POST', `/cameras/${await add(body)}/probe`, { token: operator });
    expect(status).toBe(200);
    expect(text).not.toMatch(/p@ss:w|wrong-secret/);
    return json;
  };

  it('describes the streams of a fixed address', async () => {
    expect(await probe({ rtspUrl: camera.rtspUrl, ...login })).toMatchObject({
      ok: true,
      code: null,
      source: 'rtspUrl',
      url: camera.rtspUrl,
      streams: [
        { kind: 'video', codec: 'h264', width: expect.any(Number) },
        { kind: 'audio', codec: 'pcm_mulaw', sampleRate: 8000 },
      ],
    });
  });

  it('describes the streams that ONVIF leads to, and lists the profiles', async () => {
    const device = await startFakeOnvif({ auth: 'wsse', ...login, streamUri: () => camera.rtspUrl });
    const found = await probe({ onvif: { host: '127.0.0.1', port: device.port, ...login } });
    await device.stop();
    expect(found).toMatchObject({ ok: true, source: 'onvif', profileToken: 'Main "1"', url: camera.rtspUrl });
    expect(found['profiles']).toHaveLength(3);
    expect(found['streams']).toMatchObject([{ codec: 'h264', fps: 25 }, { codec: 'pcm_mulaw' }]);
  });

  it('finds the stream of a device with a wrong clock that answers an address behind NAT', async () => {
    const device = await startVirtualCamera({
      profile: 'h265',
      ...login,
      clockSkewMs: -86_400_000,
      streamUriHost: '10.9.9.9',
    });
    const found = await probe({ onvif: { host: '127.0.0.1', port: device.onvifPort, ...login, profileToken: 'main' } });
    await device.stop();
    expect(found).toMatchObject({
      ok: true,
      url: device.rtspUrl,
      profileToken: 'main',
      streams: [{ codec: 'hevc' }, { codec: 'aac' }],
    });
  });

  it('says in one sentence what is wrong', async () => {
    const device = await startFakeOnvif({ auth: 'wsse', ...login, streamUri: () => `${camera.rtspUrl}-not-there` });
    const address = { host: '127.0.0.1', port: device.port };
    const cases: [Record<string, unknown>, string][] = [
      [{ rtspUrl: camera.rtspUrl }, 'CAMERA.WRONG_PASSWORD'],
      [{ rtspUrl: camera.rtspUrl, username: 'admin', password: 'wrong-secret' }, 'CAMERA.WRONG_PASSWORD'],
      [{ rtspUrl: `${camera.rtspUrl}x`, ...login }, 'CAMERA.STREAM_NOT_FOUND'],
      [{ rtspUrl: `rtsp://127.0.0.1:${await closedPort()}/` }, 'CAMERA.UNREACHABLE'],
      [{ rtspUrl: `rtsp://127.0.0.1:${device.port}/` }, 'CAMERA.RTSP_FAILED'],
      [{ onvif: { host: '127.0.0.1', port: await closedPort() } }, 'CAMERA.UNREACHABLE'],
      [{ onvif: { host: '127.0.0.1', port: camera.rtspPort } }, 'CAMERA.ONVIF_FAILED'],
      [{ onvif: { ...address, username: 'admin', password: 'wrong-secret' } }, 'CAMERA.WRONG_PASSWORD'],
      [{ onvif: { ...address, ...login, profileToken: 'gone' } }, 'CAMERA.NO_SUCH_PROFILE'],
      [{ onvif: { ...address, ...login } }, 'CAMERA.STREAM_NOT_FOUND'],
    ];
    for (const [body, code] of cases) {
      const found = await probe(body);
      expect([body, found['ok'], found['code']]).toEqual([body, false, code]);
      expect(found['reason']).toMatch(/^The [^\n]+[.?]$/);
    }
    await device.stop();
  });
});

describe('who may do what', () => {
  it.each<[string, string, string[]]>([
    ['POST', '', ['ADMIN']],
    ['PATCH', '/:id', ['ADMIN']],
    ['DELETE', '/:id', ['ADMIN']],
    ['POST', '/discover', ['ADMIN']],
    ['POST', '/:id/probe', ['ADMIN', 'OPERATOR']],
    ['GET', '', ['ADMIN', 'OPERATOR', 'VIEWER']],
    ['GET', '/:id', ['ADMIN', 'OPERATOR', 'VIEWER']],
  ])('%s /cameras%s is for %j', async (method, path, roles) => {
    const tokens = { ADMIN: admin, OPERATOR: operator, VIEWER: viewer };
    for (const [role, token] of Object.entries(tokens)) {
      const body = method === 'GET' ? {} : { body: { unknownField: 1 } };
      const { status } = await app.call(method, `/cameras${path.replace(':id', randomUUID())}`, { token, ...body });
      expect([role, status === 403]).toEqual([role, !roles.includes(role)]);
    }
    expect((await app.call(method, `/cameras${path.replace(':id', randomUUID())}`)).status).toBe(401);
  });

  it.each(['x', '1', '../etc', '%2e%2e', "' OR 1=1"])('refuses the id %j', async (id) => {
    const { status } = await app.call('GET', `/cameras/${encodeURIComponent(id)}`, { token: admin });
    expect(status).toBe(400);
  });
});

describe('POST /cameras/discover', () => {
  it('answers a list, also without a body', async () => {
    const { status, json } = await app.call('POST', '/cameras/discover', { token: admin, body: { timeoutMs: 300 } });
    // A machine without a network cannot ask, and says so.
    if (status === 503) expect(json['code']).toBe('CAMERA.DISCOVERY_FAILED');
    else expect([status, json['data']]).toEqual([200, expect.any(Array)]);
    expect([200, 503]).toContain((await app.call('POST', '/cameras/discover', { token: admin })).status);
    expect((await app.call('POST', '/cameras/discover', { token: admin, body: { timeoutMs: 60_000 } })).status).toBe(
      400,
    );
  });
});

describe('the log', () => {
  it('holds none of the passwords', () => {
    const log = app.lines.join('');
    expect(log).toContain('camera probe found a fault');
    for (const secret of ['-secret', 'p@ss:w', 'p%40ss']) expect(log).not.toContain(secret);
  });
});

// Behind the look at the log: the guesses of these devices are no secrets of theirs.
describe('a device that guesses secrets', () => {
  const own = { username: 'admin', password: 'own-secret-of-the-device' };
  const neighbours = 'secret-of-the-neighbour';
  /** It never learns whether one is right: each comes back as it was said. */
  const guesses = [ADMIN_PASSWORD, JWT_SECRET.slice(0, 24), JWT_SECRET, neighbours];
  beforeAll(() => add({ rtspUrl: 'rtsp://192.168.1.77/a', username: 'admin', password: neighbours }));

  const probe = async (body: Record<string, unknown>) =>
    (await app.call('POST', `/cameras/${await add(body)}/probe`, { token: operator })).text;

  it.each(guesses)('is not told by an answer to ONVIF: %s', async (guess) => {
    const device = await startFakeOnvif({
      fault: (action, response) => {
        if (action === 'GetSystemDateAndTime') return false;
        response.writeHead(500).end(soapFault('ter:Action', `${guess} or ${own.password}`));
        return true;
      },
    });
    const text = await probe({ onvif: { host: '127.0.0.1', port: device.port, ...own } });
    await device.stop();
    expect(text).toContain(`${guess} or ***`);
    expect(text).not.toContain(own.password);
  });

  it('is not told by an answer to RTSP, by the words behind a status or the name of a codec', async () => {
    for (const guess of guesses.map((each) => each.slice(0, 28))) {
      const refusing = await startFakeRtsp(() => ({ status: `500 ${guess} ${own.password}` }));
      const refused = await probe({ rtspUrl: `rtsp://127.0.0.1:${refusing.port}/`, ...own });
      await refusing.stop();
      expect(refused).toContain(`500 ${guess} ***`);
      const body = H264_SDP.replaceAll('H264/90000', `${guess}/90000`);
      const odd = await startFakeRtsp(() => ({ status: '200 OK', headers: ['Content-Type: application/sdp'], body }));
      const unknown = await probe({ rtspUrl: `rtsp://127.0.0.1:${odd.port}/`, ...own });
      await odd.stop();
      expect(unknown).toContain(guess.toLowerCase());
    }
  });

  it('does not blank the log with words of its own choice', async () => {
    const words = ['127.0.0.1', '":"', 'login refused', 'level'];
    for (const word of words) {
      const streamUri = () => `rtsp://usr:${encodeURIComponent(word)}@127.0.0.1:9/x?pwd=${encodeURIComponent(word)}`;
      const device = await startFakeOnvif({ streamUri });
      await probe({ onvif: { host: '127.0.0.1', port: device.port, ...own } });
      await device.stop();
    }
    const from = app.lines.length;
    app.app.get(AppLogger).warn('login refused', { address: '127.0.0.1' });
    const [line] = app.lines.slice(from);
    expect(JSON.parse(line!)).toMatchObject({ level: 40, msg: 'login refused', address: '127.0.0.1' });
  });
});
