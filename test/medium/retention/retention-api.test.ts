import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { RetentionModule } from '../../../src/modules/retention/retention.module.js';
import { runCleanup } from '../../../tools/cleanup/run.js';
import { ADMIN_PASSWORD, type Answer, startTestApp, type TestApp } from '../../support/http-app.js';
import { DAY_MS, MINUTE_MS, RetentionRig, SEGMENT_BYTES } from './retention-rig.js';

const SETTINGS = { value: 0, from: 'settings' };

let rig: RetentionRig;
let app: TestApp;
let tokens: Record<'ADMIN' | 'OPERATOR' | 'VIEWER', string>;
let cameraId: string;

beforeAll(async () => {
  rig = await RetentionRig.open();
  // As the role api: nothing is deleted while a test does not ask for it.
  const env = { ROLE: 'api', CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') };
  const imports = [JobsModule, RetentionModule];
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
  await rig.dataSource.query('TRUNCATE retention_policies');
  cameraId = await rig.insertCamera({ rtspUrl: 'rtsp://10.0.0.1/' });
});

const before = (days: number) => new Date(Math.floor((Date.now() - days * DAY_MS) / MINUTE_MS) * MINUTE_MS);
const call = (method: string, path: string, body?: unknown, role: keyof typeof tokens = 'ADMIN') =>
  app.call(method, path, { token: tokens[role], body });
const ofKind = (json: Answer['json'], kind: string): unknown =>
  (json['effective'] as { kind: string }[]).find((limits) => limits.kind === kind);

describe('policies', () => {
  it('are what was put last, and each value says where it comes from', async () => {
    await call('PUT', '/retention', { policies: [{ days: 90 }, { kind: 'event', days: 30, keepDays: 2 }] });
    const put = await call('PUT', `/cameras/${cameraId}/retention`, { policies: [{ kind: 'event', maxBytes: 1_000 }] });
    expect(put.status).toBe(200);
    expect(put.json).toEqual((await call('GET', `/cameras/${cameraId}/retention`, undefined, 'VIEWER')).json);
    expect(put.json['policies']).toEqual([{ kind: 'event', days: null, maxBytes: 1_000, keepDays: null }]);
    expect(ofKind(put.json, 'event')).toEqual({
      kind: 'event',
      days: { value: 30, from: 'kind' },
      maxBytes: { value: 1_000, from: 'camera_kind' },
      keepDays: { value: 2, from: 'kind' },
    });
    const { json } = await call('PUT', '/retention', { policies: [] });
    expect(json['policies']).toEqual([]);
    expect(ofKind(json, 'continuous')).toEqual({
      ...{ kind: 'continuous', days: { value: 7, from: 'settings' }, maxBytes: SETTINGS, keepDays: SETTINGS },
    });
  });

  it('are refused when they make no sense, name a kind twice, or come from somebody else', async () => {
    const refused = [
      [{ days: -1 }],
      [{ kind: 'movie', days: 1 }],
      [{ days: 1.5 }],
      [{ kind: 'event' }, { kind: 'event' }],
      [{ days: 1 }, { kind: null, days: 2 }],
    ];
    for (const policies of refused) {
      expect((await call('PUT', '/retention', { policies })).json).toMatchObject({ code: 'REQUEST.INVALID' });
    }
    const body = { policies: [] };
    for (const path of ['/retention', `/cameras/${cameraId}/retention`]) {
      expect((await call('PUT', path, body, 'OPERATOR')).json).toMatchObject({ code: 'AUTH.WRONG_ROLE' });
      expect((await app.call('GET', path)).status).toBe(401);
    }
    const unknown = `/cameras/${randomUUID()}/retention`;
    expect((await call('PUT', unknown, body)).json).toMatchObject({ code: 'CAMERA.NOT_FOUND' });
    expect((await call('GET', unknown)).json).toMatchObject({ code: 'CAMERA.NOT_FOUND' });
  });
});

describe('continuous footage without a limit', () => {
  const endless = { policies: [{ kind: 'continuous', days: 0 }] };

  it('is refused when a camera is made continuous, and nothing is changed', async () => {
    await call('PUT', '/retention', endless);
    const refused = await call('PATCH', `/cameras/${cameraId}`, { continuous: true });
    expect(refused.json).toMatchObject({ status: 400, code: 'RETENTION.LIMIT_MISSING' });
    expect((await call('GET', `/cameras/${cameraId}`)).json['continuous']).toBe(false);
    const made = await call('POST', '/cameras', { name: 'gate', rtspUrl: 'rtsp://10.0.0.1/', continuous: true });
    expect(made.json).toMatchObject({ code: 'RETENTION.LIMIT_MISSING' });
    await call('PUT', `/cameras/${cameraId}/retention`, { policies: [{ maxBytes: 1_000_000 }] });
    expect((await call('PATCH', `/cameras/${cameraId}`, { continuous: true })).status).toBe(200);
  });

  it('is refused when a policy takes the limit of a continuous camera away', async () => {
    await call('PATCH', `/cameras/${cameraId}`, { continuous: true });
    for (const path of ['/retention', `/cameras/${cameraId}/retention`]) {
      expect((await call('PUT', path, endless)).json).toMatchObject({ status: 400, code: 'RETENTION.LIMIT_MISSING' });
      expect((await call('GET', path)).json['policies']).toEqual([]);
    }
  });
});

describe('a run', () => {
  const run = (body: unknown) => call('POST', '/retention/run', body);

  it('that is dry says what the next real one does, and changes nothing', async () => {
    const keys = await rig.insertFootage(cameraId, before(40), 5);
    await rig.insertFootage(cameraId, before(3), 2);
    await rig.pin(cameraId, before(40), new Date(before(40).getTime() + 2 * MINUTE_MS));
    const id = await rig.insertPlayback(cameraId, before(35));
    const all = async () => [
      await rig.usage(),
      await rig.footageKeys(),
      await rig.tombstones(),
      await rig.removalsOf(cameraId),
    ];
    const unchanged = await all();
    const dry = await run({ dryRun: true, days: 30 });
    expect(dry.json).toEqual({
      dryRun: true,
      cameras: [
        {
          ...{ cameraId, kind: 'continuous', objects: 3, bytes: 3 * SEGMENT_BYTES },
          oldestAt: new Date(before(40).getTime() + 2 * MINUTE_MS).toISOString(),
          ...{ heldObjects: 2, heldBytes: 2 * SEGMENT_BYTES, heldBy: ['lock'] },
        },
        {
          ...{ cameraId, kind: 'manual', objects: 1, bytes: 100, oldestAt: before(35).toISOString() },
          ...{ heldObjects: 0, heldBytes: 0, heldBy: [] },
        },
      ],
    });
    expect(await all()).toEqual(unchanged);

    const real = await run({ days: 30 });
    expect(real.json).toEqual({ ...dry.json, dryRun: false });
    expect(await rig.playbackIds()).toEqual([]);
    expect((await rig.tombstones()).map(({ key }) => key)).toEqual(
      [...keys.slice(2), `playbacks/${id}/video.mp4`].sort(),
    );
  });

  it('by the command prints the same numbers dry and real, and dry it changes nothing', async () => {
    const keys = await rig.insertFootage(cameraId, before(40), 5);
    await rig.pin(cameraId, before(40), new Date(before(40).getTime() + 2 * MINUTE_MS));
    const access = { url: app.url, username: 'admin', password: ADMIN_PASSWORD };
    const dry = await runCleanup(access, { days: 30, dryRun: true });
    expect(dry).toMatch(/yard +continuous +3 +30 .* 2 +20 +lock\n3 objects with 30 bytes would be deleted\.\n$/);
    expect([await rig.footageKeys(), await rig.tombstones()]).toEqual([keys, []]);
    expect(await rig.segmentStarts(cameraId)).toHaveLength(5);
    const real = await runCleanup(access, { days: 30 });
    expect(real).toBe(dry.replace('would be deleted', 'deleted'));
    expect(await rig.segmentStarts(cameraId)).toHaveLength(2);
    await expect(runCleanup({ ...access, password: 'wrong' }, {})).rejects.toThrow('wrong');
  });

  it('keeps to the camera and the kind that it is asked for', async () => {
    const door = await rig.insertCamera({ name: 'door' });
    for (const id of [cameraId, door]) {
      await rig.insertFootage(id, before(3), 1);
      await rig.insertPlayback(id, before(3));
    }
    const { json } = await run({ days: 1, cameraId: door, kind: 'manual' });
    expect(json['cameras']).toMatchObject([{ cameraId: door, kind: 'manual', objects: 1 }]);
    expect(await Promise.all([rig.segmentStarts(cameraId), rig.segmentStarts(door)])).toMatchObject([[{}], [{}]]);
    expect(await rig.playbackIds()).toHaveLength(1);
  });

  it('keeps to bytes, and to the floor of a policy', async () => {
    await rig.insertFootage(cameraId, before(3), 4);
    const bytes = { maxBytes: SEGMENT_BYTES, kind: 'continuous' };
    await call('PUT', '/retention', { policies: [{ keepDays: 5 }] });
    expect((await run(bytes)).json['cameras']).toEqual([]);
    await call('PUT', '/retention', { policies: [] });
    expect((await run(bytes)).json['cameras']).toMatchObject([{ objects: 3 }]);
  });

  it('is for administrators, and refuses what makes no sense', async () => {
    expect((await call('POST', '/retention/run', {}, 'OPERATOR')).json).toMatchObject({ code: 'AUTH.WRONG_ROLE' });
    for (const body of [{ days: 0 }, { kind: 'all' }, { cameraId: 'x' }, { dryRun: 'yes' }]) {
      expect((await run(body)).json).toMatchObject({ code: 'REQUEST.INVALID' });
    }
  });
});

describe('GET /storage', () => {
  it('says what each camera takes, deleted ones too, and how much room there is', async () => {
    await rig.insertFootage(cameraId, before(1), 3);
    await rig.insertPlayback(cameraId, before(1));
    await rig.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [cameraId]);
    const { status, json } = await call('GET', '/storage', undefined, 'VIEWER');
    expect(status).toBe(200);
    expect(json).toMatchObject({ bytes: 100 + 3 * SEGMENT_BYTES, maxBytes: 0, tombstonedBytes: 0 });
    const yard = { cameraId, cameraName: 'yard', isDeleted: true };
    expect(json['usage']).toEqual([
      { ...yard, kind: 'manual', bytes: 100, objects: 1 },
      { ...yard, kind: 'continuous', bytes: 3 * SEGMENT_BYTES, objects: 3 },
    ]);
    expect(json['disks']).toMatchObject([{ place: 'footage+playbacks', targetBytes: 0, stopBytes: 0 }]);
    await call('POST', '/retention/run', { maxBytes: SEGMENT_BYTES, kind: 'continuous' });
    expect((await call('GET', '/storage')).json).toMatchObject({ tombstonedBytes: 2 * SEGMENT_BYTES });
  });
});
