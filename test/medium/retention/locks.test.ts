import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { PlaybackModule } from '../../../src/modules/playback/playback.module.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { RetentionModule } from '../../../src/modules/retention/retention.module.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';
import { DAY_MS, MINUTE_MS, RetentionRig } from './retention-rig.js';

let rig: RetentionRig;
let app: TestApp;
let tokens: Record<'ADMIN' | 'OPERATOR' | 'VIEWER', string>;
let cameraId: string;

beforeAll(async () => {
  rig = await RetentionRig.open();
  const env = { ROLE: 'api', CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') };
  const imports = [JobsModule, RecordingModule.forRole('api'), RetentionModule, PlaybackModule];
  app = await startTestApp(rig.database, env, { imports, providers: [NotificationListener] });
  const [ADMIN, OPERATOR, VIEWER] = [
    await app.tokenOf('ADMIN'),
    await app.tokenOf('OPERATOR'),
    await app.tokenOf('VIEWER'),
  ];
  tokens = { ADMIN, OPERATOR, VIEWER };
});
afterAll(async () => {
  await app?.close();
  await rig.close();
});
beforeEach(async () => {
  await rig.empty();
  cameraId = await rig.insertCamera();
});

const START = new Date(Math.floor((Date.now() - 9 * DAY_MS) / MINUTE_MS) * MINUTE_MS);
const minute = (minutes: number) => new Date(START.getTime() + minutes * MINUTE_MS).toISOString();
const call = (method: string, path: string, body?: unknown, role: keyof typeof tokens = 'OPERATOR') =>
  app.call(method, path, { token: tokens[role], body });
const run = () => call('POST', '/retention/run', { days: 1 }, 'ADMIN');

describe('a lock of footage', () => {
  it('says what of its range there is, and keeps that until it is taken off', async () => {
    await rig.insertFootage(cameraId, START, 3);
    const { status, json } = await call('POST', '/locks', { cameraId, from: minute(1), to: minute(5), note: 'police' });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      cameraId,
      playbackId: null,
      from: minute(1),
      to: minute(5),
      until: null,
      note: 'police',
    });
    expect([json['covered'], json['missing']]).toEqual([
      [{ startAt: minute(1), endAt: minute(3) }],
      [{ startAt: minute(3), endAt: minute(5) }],
    ]);
    const { data } = (await call('GET', '/locks', undefined, 'VIEWER')).json;
    const { covered, missing } = json;
    expect(data).toHaveLength(1);
    expect({ ...data[0], covered, missing }).toEqual(json);

    await run();
    expect(await rig.segmentStarts(cameraId)).toEqual([new Date(minute(1)), new Date(minute(2))]);
    expect((await call('DELETE', `/locks/${json['id']}`)).status).toBe(204);
    await run();
    expect(await rig.segmentStarts(cameraId)).toEqual([]);
    expect((await call('DELETE', `/locks/${json['id']}`)).json).toMatchObject({ status: 404, code: 'LOCK.NOT_FOUND' });
  });

  it('with an end keeps until then, and is told no longer', async () => {
    await rig.insertFootage(cameraId, START, 1);
    const until = new Date(Date.now() + DAY_MS).toISOString();
    await call('POST', '/locks', { cameraId, from: minute(0), to: minute(1), until });
    await run();
    expect(await rig.segmentStarts(cameraId)).toHaveLength(1);
    await rig.dataSource.query(`UPDATE footage_pins SET until_at = now() - interval '1 second'`);
    expect((await call('GET', '/locks')).json).toEqual({ data: [] });
    await run();
    expect(await rig.segmentStarts(cameraId)).toEqual([]);
  });
});

describe('a lock of a playback', () => {
  it('keeps it from age and from everybody, says so, and names itself', async () => {
    const playbackId = await rig.insertPlayback(cameraId, START);
    const { json } = await call('POST', '/locks', { playbackId, note: 'insurance' });
    expect(json).toMatchObject({ playbackId, cameraId, from: null, to: null, covered: [], missing: [] });
    expect((await run()).json['cameras']).toEqual([
      expect.objectContaining({ kind: 'manual', objects: 0, heldObjects: 1, heldBytes: 100, heldBy: ['lock'] }),
    ]);
    const refused = await call('DELETE', `/playbacks/${playbackId}`, undefined, 'ADMIN');
    expect(refused.json).toMatchObject({ status: 409, code: 'PLAYBACK.LOCKED' });
    expect(refused.json['detail']).toContain(json['id']);
    expect(await rig.playbackIds()).toEqual([playbackId]);
    await call('DELETE', `/locks/${json['id']}`);
    expect((await call('DELETE', `/playbacks/${playbackId}`)).status).toBe(204);
    expect(await rig.playbackIds()).toEqual([]);
  });

  it('that is over holds nothing, for a person and for the planner', async () => {
    const ids = [await rig.insertPlayback(cameraId, START), await rig.insertPlayback(cameraId, START)];
    for (const playbackId of ids) await call('POST', '/locks', { playbackId });
    await rig.dataSource.query(`UPDATE playback_locks SET until_at = now() - interval '1 second'`);
    expect((await call('DELETE', `/playbacks/${ids[0]}`)).status).toBe(204);
    await run();
    expect(await rig.playbackIds()).toEqual([]);
  });
});

describe('locks', () => {
  it('are refused when they make no sense, hold nothing that is known, or come from a viewer', async () => {
    const playbackId = await rig.insertPlayback(cameraId, START);
    const range = { from: minute(0), to: minute(1) };
    const refused = [
      {},
      { cameraId },
      range,
      { cameraId, playbackId, ...range },
      { playbackId, from: minute(0) },
      { cameraId, from: minute(1), to: minute(1) },
      { playbackId, until: minute(0) },
      { playbackId, until: 'tomorrow' },
    ];
    for (const body of refused) {
      expect((await call('POST', '/locks', body)).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    }
    const unknown = randomUUID();
    expect((await call('POST', '/locks', { cameraId: unknown, ...range })).json).toMatchObject({
      code: 'CAMERA.NOT_FOUND',
    });
    expect((await call('POST', '/locks', { playbackId: unknown })).json).toMatchObject({ code: 'PLAYBACK.NOT_FOUND' });
    expect((await call('POST', '/locks', { playbackId }, 'VIEWER')).json).toMatchObject({ code: 'AUTH.WRONG_ROLE' });
    expect((await call('GET', '/locks')).json).toEqual({ data: [] });
  });
});
