import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { EventModule } from '../../../src/modules/event/event.module.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';

const UNKNOWN = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

/** A process of role `api`: events and ranges, and nobody who records them. */
describe('events', () => {
  let database: TestDatabase;
  let dir: string;
  let app: TestApp;
  let token: string;
  let cameraId: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-events-'));
    database = await createTestDatabase();
    const imports = [CameraModule, JobsModule, RecordingModule.forRole('api'), EventModule];
    const env = { RECORD_DIR: dir, CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') };
    app = await startTestApp(database, env, { imports, providers: [NotificationListener] });
    token = await app.tokenOf('OPERATOR');
    cameraId = await insertCamera();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  const insertCamera = async (fields: Partial<Camera> = {}) =>
    (await database.dataSource.getRepository(Camera).save({ name: 'yard', rtspUrl: 'rtsp://127.0.0.1/x', ...fields }))
      .id;
  const post = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    app.call('POST', '/events', { token, body: { cameraId, type: 'MOTION', ...body }, headers });
  const playbackOf = (id: unknown) => database.dataSource.getRepository(Playback).findOneByOrFail({ id: id as string });
  const count = async (table: string) =>
    Number((await database.dataSource.query<[{ count: string }]>(`SELECT count(*) FROM ${table}`))[0].count);

  it('stores a motion event and opens its recording, in one answer', async () => {
    const { status, json } = await post({ description: 'gate', metadata: { score: 0.9 } });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      type: 'MOTION',
      camera: { id: cameraId, name: 'yard' },
      recording: { state: 'requested' },
    });
    expect(await playbackOf(json['playbackId'])).toMatchObject({ eventId: json['id'], recordingStatus: 'PENDING' });
  });

  it('records the types in recordOn, and says of others why they do not', async () => {
    const doorbell = await insertCamera({ recordOn: ['DOORBELL'] });
    expect((await post({ cameraId: doorbell, type: 'doorbell' })).json).toMatchObject({
      recording: { state: 'requested' },
    });
    const motion = {
      playbackId: null,
      recording: { state: 'not_requested', reason: expect.stringContaining('MOTION') },
    };
    expect((await post({ cameraId: doorbell, type: 'MOTION' })).json).toMatchObject(motion);
    const silent = await insertCamera({ recordOn: [] });
    expect((await post({ cameraId: silent, type: 'MOTION' })).json).toMatchObject(motion);
    const other = await post({ cameraId: doorbell, type: 'line-crossed' });
    expect(other).toMatchObject({ status: 201, json: { playbackId: null, recording: { state: 'not_requested' } } });
    expect(other.json['recording']['reason']).toMatch(/LINE-CROSSED/);
  });

  it('stores what a disarmed camera reports, and says why nothing records', async () => {
    const disarmed = await insertCamera({ enabled: false, overlapPolicy: 'merge' });
    const { status, json } = await post({ cameraId: disarmed });
    expect([status, json['playbackId'], json['recording']]).toEqual([
      201,
      null,
      { state: 'not_requested', reason: expect.stringContaining('disarmed') },
    ]);
  });

  it('starts the range before the event by the pre-roll, and gives it a dead-man limit', async () => {
    const warm = await insertCamera({ preRollSec: 5, maxRecordingSec: 60 });
    const occurredAt = new Date(Date.now() - 2_000);
    const { json } = await post({ cameraId: warm, occurredAt: occurredAt.toISOString() });
    const { rangeStartAt, deadlineAt, createdAt } = await playbackOf(json['playbackId']);
    expect(rangeStartAt!.getTime()).toBe(occurredAt.getTime() - 5_000);
    expect(Math.abs(deadlineAt!.getTime() - createdAt.getTime() - 60_000)).toBeLessThan(2_000);
  });

  it('does not believe a clock that is far behind', async () => {
    const { json } = await post({ occurredAt: '2020-01-01T00:00:00Z' });
    expect(json['occurredAt']).toBe('2020-01-01T00:00:00.000Z');
    const { rangeStartAt } = await playbackOf(json['playbackId']);
    expect(Date.now() - rangeStartAt!.getTime()).toBeLessThan(10_000);
    expect(json['reportedAt']).toBeNull();
  });

  it.each([
    ['seconds', () => new Date(Date.now() + 30_000)],
    ['minutes', () => new Date(Date.now() + 600_000)],
    ['years', () => new Date('2099-01-01T00:00:00Z')],
    ['ages', () => new Date('9999-12-31T23:59:59.999Z')],
  ])(
    'takes an event from a clock that is %s ahead as now, records it, and notes what was said',
    async (_what, ahead) => {
      const said = ahead();
      const before = Date.now();
      const { status, json } = await post({
        cameraId: await insertCamera({ preRollSec: 5 }),
        occurredAt: said.toISOString(),
      });
      expect([status, json['recording']]).toEqual([201, { state: 'requested' }]);
      expect(json['reportedAt']).toBe(said.toISOString());
      const occurredAtMs = Date.parse(json['occurredAt'] as string);
      expect(occurredAtMs).toBeGreaterThanOrEqual(before);
      expect(occurredAtMs).toBeLessThanOrEqual(Date.now());
      expect((await playbackOf(json['playbackId'])).rangeStartAt!.getTime()).toBe(occurredAtMs - 5_000);
      const read = await app.call('GET', `/events/${json['id']}`, { token });
      expect(read.json).toEqual(json);
      await app.call('POST', `/events/${json['id']}/end`, { token });
      const ended = (await app.call('GET', `/events/${json['id']}`, { token })).json;
      expect(Date.parse(ended['endedAt'] as string)).toBeGreaterThanOrEqual(occurredAtMs);
    },
  );

  it.each([
    '2099',
    'tomorrow',
    '2099-01-01T00:00:00',
    '10000-01-01T00:00:00Z',
    '2099-02-30T00:00:00Z',
    4_102_444_800_000,
  ])('refuses %j, which is no instant', async (occurredAt) => {
    expect(await post({ occurredAt })).toMatchObject({ status: 400, json: { errors: [{ field: 'occurredAt' }] } });
  });

  it('ends an event once: the range closes with the post-roll, and a second end changes nothing', async () => {
    const camera = await insertCamera({ postRollSec: 10, maxRecordingSec: 300 });
    const { json } = await post({ cameraId: camera });
    const end = () => app.call('POST', `/events/${json['id']}/end`, { token });
    const first = await end();
    expect(first.status).toBe(200);
    expect(first.json).toEqual({
      ok: true,
      eventId: json['id'],
      playbackId: json['playbackId'],
      recordingStatus: 'PENDING',
    });
    const closed = await playbackOf(json['playbackId']);
    const { json: event } = await app.call('GET', `/events/${json['id']}`, { token });
    expect(closed.endReason).toBe('event_ended');
    expect(closed.rangeEndAt!.getTime()).toBe(Date.parse(event['endedAt'] as string) + 10_000);
    expect((await end()).json).toEqual(first.json);
    expect(await playbackOf(json['playbackId'])).toEqual(closed);
  });

  it('never closes a range behind its dead-man limit', async () => {
    const camera = await insertCamera({ postRollSec: 60, maxRecordingSec: 10 });
    const { json } = await post({ cameraId: camera });
    await app.call('POST', `/events/${json['id']}/end`, { token });
    const { rangeEndAt, deadlineAt } = await playbackOf(json['playbackId']);
    expect(rangeEndAt).toEqual(deadlineAt);
  });

  it('ends an event that did not record', async () => {
    const { json } = await post({ type: 'HEARTBEAT' });
    const { status, json: ended } = await app.call('POST', `/events/${json['id']}/end`, { token });
    expect([status, ended]).toEqual([200, { ok: true, eventId: json['id'], playbackId: null, recordingStatus: null }]);
  });

  it('gives the first answer to a repeat, however its JSON is ordered', async () => {
    const headers = { 'Idempotency-Key': 'repeat-1' };
    const first = await post({ metadata: { a: 1, b: { c: 2, d: 3 } } }, headers);
    const repeat = await app.call('POST', '/events', {
      token,
      headers,
      body: `{"metadata":{"b":{"d":3,"c":2},"a":1},"type":"motion","cameraId":"${cameraId}"}`,
    });
    expect([first.status, repeat.status]).toEqual([201, 200]);
    expect(repeat.json).toEqual(first.json);
    const replayed = [first, repeat].map((answer) => answer.headers.get('idempotent-replayed'));
    expect(replayed).toEqual([null, 'true']);
  });

  it('stores one event for a hundred requests with the same key at once', async () => {
    const [events, playbacks] = [await count('events'), await count('playbacks')];
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post({ metadata: { n: 1 } }, { 'Idempotency-Key': 'hundred' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(new Set(answers.map(({ json }) => json['id'] as string)).size).toBe(1);
    expect([await count('events'), await count('playbacks')]).toEqual([events + 1, playbacks + 1]);
  });

  it('refuses a key that was used for something else, but not one whose request failed', async () => {
    const headers = { 'Idempotency-Key': 'reused' };
    expect((await post({ cameraId: UNKNOWN }, headers)).status).toBe(404);
    expect((await post({ description: 'one' }, headers)).status).toBe(201);
    const reused = await post({ description: 'two' }, headers);
    expect(reused).toMatchObject({ status: 409, json: { code: 'EVENT.IDEMPOTENCY_KEY_REUSED' } });
  });

  it('keeps the keys of two users apart', async () => {
    const headers = { 'Idempotency-Key': 'shared' };
    const mine = await post({}, headers);
    const other = await app.tokenOf('OPERATOR');
    const theirs = await app.call('POST', '/events', { token: other, headers, body: { cameraId, type: 'MOTION' } });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.json['id']).not.toBe(mine.json['id']);
  });

  it('pages through events, the newest first, each once', async () => {
    const camera = await insertCamera();
    const at = Date.now() - 60_000;
    for (let index = 0; index < 7; index += 1) {
      await post({ cameraId: camera, type: 'TICK', occurredAt: new Date(at + (index >> 1) * 1_000).toISOString() });
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const { json } = await app.call('GET', `/events?cameraId=${camera}&limit=2${query}`, { token });
      expect(json['data'].length).toBeLessThanOrEqual(2);
      seen.push(
        ...(json['data'] as { id: string; occurredAt: string }[]).map(({ id, occurredAt }) => `${occurredAt} ${id}`),
      );
      cursor = json['nextCursor'] as string | null;
    }
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
  });
});
