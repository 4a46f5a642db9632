import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Incident, INCIDENT_KINDS } from '../../../src/schema/incident.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type Answer, startTestApp, type TestApp } from '../../support/http-app.js';
import { at, insertCamera, insertPlayback } from './incident-rig.js';

const UNKNOWN_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
let database: TestDatabase;
let app: TestApp;
let token: string;
let cameraId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database);
  token = await app.tokenOf('VIEWER');
});

afterAll(async () => {
  await app?.close();
  await database.drop();
});

beforeEach(async () => {
  await database.dataSource.query('TRUNCATE incidents, cameras CASCADE');
  cameraId = await insertCamera(database);
});

const list = (query = '') => app.call('GET', `/incidents${query}`, { token });
const idsOf = ({ data }: Answer['json']) => (data as { id: string }[]).map(({ id }) => id);

/** Each about something else, so that any number may be open. */
async function insert(beganSec: number, fields: Partial<Incident> = {}): Promise<string> {
  const times = { beganAt: at(beganSec), openedAt: at(beganSec + 45), seenAt: at(beganSec + 60), endedAt: null };
  const said = { kind: 'camera_silent' as const, subject: randomUUID(), detail: 'It is away.' };
  return (await database.dataSource.getRepository(Incident).save({ ...said, ...times, ...fields } as Incident)).id;
}

/** Follows nextCursor to the end. */
async function walk(query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, json } = await list(`?${query}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(status).toBe(200);
    ids.push(...idsOf(json));
    cursor = json['nextCursor'] as string | null;
  }
  return ids;
}

describe('GET /incidents', () => {
  it('lists nothing', async () => {
    expect((await list()).json).toEqual({ data: [], nextCursor: null });
  });

  it('says what it is about, since when and until when, and nothing else', async () => {
    const playbackId = await insertPlayback(database, { cameraId });
    const nodeId = randomUUID();
    const about = { kind: 'recording_stalled' as const, cameraId, playbackId, nodeId };
    const id = await insert(0, { ...about, endedAt: at(90) });
    const times = { beganAt: at(0).toISOString(), endedAt: at(90).toISOString() };
    expect((await list()).json['data']).toEqual([{ id, ...about, detail: 'It is away.', ...times }]);
  });

  it('goes through all pages, the newest first, once each, also where many began in the same instant', async () => {
    const rows = [];
    for (let index = 0; index < 11; index += 1) {
      const sec = Math.floor(index / 5);
      rows.push({ sec, id: await insert(sec) });
    }
    const expected = rows.sort((a, b) => b.sec - a.sec || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
    for (const limit of [1, 2, 5, 11, 12]) expect(await walk(`limit=${limit}`)).toEqual(expected);
  });

  it('does not shift when incidents begin and end between two pages', async () => {
    const [third, second, first] = [await insert(1), await insert(2), await insert(3)];
    const { json } = await list('?limit=1');
    expect(idsOf(json)).toEqual([first]);
    await insert(4);
    await database.dataSource.query('UPDATE incidents SET ended_at = seen_at');
    expect(idsOf((await list(`?limit=5&cursor=${json['nextCursor']}`)).json)).toEqual([second, third]);
  });

  it('filters, and pages through what is left', async () => {
    const other = await insertCamera(database);
    const ended = await insert(1, { cameraId, endedAt: at(60) });
    const open = await insert(2, { cameraId });
    const full = await insert(3, { kind: 'disk_low' });
    const elsewhere = await insert(4, { cameraId: other, endedAt: at(60) });
    const found = async (query: string) => idsOf((await list(query)).json);
    expect(await found('?open=true')).toEqual([full, open]);
    expect(await found('?open=false')).toEqual([elsewhere, ended]);
    expect(await found('?kind=disk_low')).toEqual([full]);
    expect(await found('?kind=upload_backlog')).toEqual([]);
    expect(await found(`?cameraId=${cameraId}`)).toEqual([open, ended]);
    expect(await found(`?cameraId=${cameraId}&open=true&kind=camera_silent`)).toEqual([open]);
    expect(await found(`?cameraId=${UNKNOWN_ID}`)).toEqual([]);
    expect(await walk('open=false&limit=1')).toEqual([elsewhere, ended]);
  });

  it.each([
    ['open=1', ['open']],
    ['open=', ['open']],
    ['open=true&open=false', ['open']],
    ['kind=camera_sad', ['kind']],
    ['kind=', ['kind']],
    ['cameraId=7', ['cameraId']],
    ['limit=0', ['limit']],
    ['limit=201', ['limit']],
    ['cursor=2', ['cursor']],
    ['offset=10', ['offset']],
    ['open=yes&kind=x&offset=1', ['open', 'kind', 'offset']],
  ])('refuses ?%s and names every fault', async (query, fields) => {
    const { status, json } = await list(`?${query}`);
    expect([status, json['code']]).toEqual([400, 'REQUEST.INVALID']);
    const faults = json['errors'] as { field: string }[];
    expect(new Set(faults.map(({ field }) => field))).toEqual(new Set(fields));
  });

  it('is there for every role, and for nobody without a token', async () => {
    expect((await app.call('GET', '/incidents')).status).toBe(401);
    for (const role of ['VIEWER', 'OPERATOR', 'ADMIN'] as const) {
      expect((await app.call('GET', '/incidents', { token: await app.tokenOf(role) })).status).toBe(200);
    }
  });
});

describe('hindsight_incidents_open', () => {
  it('counts those that go on, by kind, zeros included', async () => {
    await insert(0);
    await insert(1);
    await insert(2, { endedAt: at(60) });
    await insert(3, { kind: 'disk_low' });
    const { text } = await app.call('GET', '/metrics', { token });
    const lines = text.split('\n').filter((line) => line.startsWith('hindsight_incidents_open{'));
    const counts: Record<string, number> = { camera_silent: 2, disk_low: 1 };
    expect(lines.sort()).toEqual(
      INCIDENT_KINDS.map((kind) => `hindsight_incidents_open{kind="${kind}"} ${counts[kind] ?? 0}`).sort(),
    );
  });
});
