import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Camera } from '../../../src/schema/camera.entity.js';
import type { Playback } from '../../../src/schema/playback.entity.js';
import type { Answer } from '../../support/http-app.js';
import { type PlaybackApp, startPlaybackApp } from './playback-app.js';

const UNKNOWN_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
let app: PlaybackApp;
let camera: Camera;

beforeAll(async () => {
  app = await startPlaybackApp();
});

afterAll(() => app.close());

beforeEach(async () => {
  await app.database.dataSource.query('TRUNCATE cameras CASCADE');
  camera = await app.insertCamera();
});

const list = (query = '') => app.call('GET', `/playbacks${query}`, { token: app.tokens.VIEWER });
const idsOf = ({ data }: Answer['json']) => (data as { id: string }[]).map(({ id }) => id);
const at = (second: number) => new Date(Date.UTC(2026, 0, 31, 12, 0, second));
const insert = (second: number, fields: Partial<Playback> = {}) =>
  app.insertPlayback({ cameraId: camera.id, createdAt: at(second), ...fields });

/** Follows nextCursor to the end. */
async function walk(query: string): Promise<{ ids: string[]; totals: number[] }> {
  const ids: string[] = [];
  const totals: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, json } = await list(`?${query}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(status).toBe(200);
    ids.push(...idsOf(json));
    totals.push(json['total'] as number);
    cursor = json['nextCursor'] as string | null;
  }
  return { ids, totals };
}

describe('GET /playbacks', () => {
  it('lists nothing', async () => {
    expect((await list()).json).toEqual({ data: [], total: 0, nextCursor: null });
  });

  it('gives each playback as GET /playbacks/:id does, with its event and camera', async () => {
    const event = await app.insertEvent({
      cameraId: camera.id,
      description: 'at the gate',
      metadata: { zone: 'gate' },
    });
    const playback = await insert(1, { eventId: event.id, recordingStatus: 'RECORDING' });
    const upload = { uploadSafeBytes: 2_000, uploadPendingBytes: 30, uploadAtRiskBytes: 30 };
    await app.insertProgress({ playbackId: playback.id, bytes: 1_000, fps: 12.5, ...upload });
    const { json } = await list();
    expect(json['data']).toEqual([
      (await app.call('GET', `/playbacks/${playback.id}`, { token: app.tokens.VIEWER })).json,
    ]);
    expect(json['data'][0]).toMatchObject({
      id: playback.id,
      recordingStatus: 'RECORDING',
      camera: { id: camera.id, name: 'yard' },
      event: { id: event.id, type: 'MOTION', description: 'at the gate', endedAt: null, metadata: { zone: 'gate' } },
      progress: { bytes: 1_000, durationMs: null, frames: null, fps: 12.5, bitrateKbps: null },
      upload: { safeBytes: 2_000, pendingBytes: 30, atRiskBytes: 30 },
      videoUrl: null,
    });
  });

  it('goes through all pages, the newest first, once each, also where many were created in the same instant', async () => {
    const rows = [];
    for (let index = 0; index < 11; index += 1) rows.push(await insert(Math.floor(index / 5)));
    const expected = rows
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
    for (const limit of [1, 2, 5, 11, 12]) {
      const { ids, totals } = await walk(`limit=${limit}`);
      expect(ids).toEqual(expected);
      expect(totals).toHaveLength(Math.ceil(11 / limit));
      expect(new Set(totals)).toEqual(new Set([11]));
    }
  });

  it('does not shift when playbacks come and go between two pages', async () => {
    const [third, , first] = [await insert(1), await insert(2), await insert(3)];
    const { json } = await list('?limit=2');
    await insert(4);
    await app.database.dataSource.query('DELETE FROM playbacks WHERE id = $1', [first.id]);
    const next = await list(`?limit=2&cursor=${json['nextCursor']}`);
    // The total is the one of the first page: counting once a walk is enough.
    expect([idsOf(next.json), next.json['total'], next.json['nextCursor']]).toEqual([[third.id], 3, null]);
  });

  it('filters by event, camera, status and time, together and with an exact total', async () => {
    const other = await app.insertCamera({ name: 'gate' });
    const event = await app.insertEvent({ cameraId: camera.id });
    const rows = {
      old: await insert(1, { recordingStatus: 'COMPLETED' }),
      failed: await insert(2, { recordingStatus: 'FAILED', eventId: event.id }),
      elsewhere: await insert(3, { recordingStatus: 'FAILED', cameraId: other.id }),
      running: await insert(4, { recordingStatus: 'RECORDING' }),
    };
    const names = async (query: string) => {
      const { json } = await list(query);
      const found = idsOf(json).map((id) => Object.entries(rows).find(([, row]) => row.id === id)?.[0]);
      expect(json['total']).toBe(found.length);
      return found;
    };
    expect(await names(`?eventId=${event.id}`)).toEqual(['failed']);
    expect(await names(`?cameraId=${camera.id}`)).toEqual(['running', 'failed', 'old']);
    expect(await names('?recordingStatus=FAILED')).toEqual(['elsewhere', 'failed']);
    expect(await names('?recordingStatus=FAILED,RECORDING')).toEqual(['running', 'elsewhere', 'failed']);
    expect(await names('?recordingStatus=RECORDING&recordingStatus=COMPLETED')).toEqual(['running', 'old']);
    expect(await names('?recordingStatus=FAILED,FAILED')).toEqual(['elsewhere', 'failed']);
    expect(await names('?recordingStatus=PENDING,RECORDING,PROCESSING,COMPLETED,FAILED')).toHaveLength(4);
    expect(await names(`?cameraId=${camera.id}&recordingStatus=FAILED,COMPLETED`)).toEqual(['failed', 'old']);
    expect(await names(`?cameraId=${other.id}&eventId=${event.id}`)).toEqual([]);
    // Half-open: what was created at `from` belongs to it, what was created at `to` does not.
    expect(await names(`?from=${at(2).toISOString()}&to=${at(4).toISOString()}`)).toEqual(['elsewhere', 'failed']);
    expect(await names('?from=2026-01-31T13:00:04%2B01:00')).toEqual(['running']);
    expect(await names('?to=2026-02-01&recordingStatus=RECORDING')).toEqual(['running']);
    expect(await names(`?from=${at(2).toISOString()}&to=${at(2).toISOString()}`)).toEqual([]);
    expect(await names(`?cameraId=${UNKNOWN_ID}`)).toEqual([]);
  });

  it('names a camera that was deleted since, and shows none of its secrets', async () => {
    await app.database.dataSource.query(
      `UPDATE cameras SET deleted_at = now(), rtsp_password_sealed = 'sealed-secret'`,
    );
    await insert(1);
    const { json, text } = await list();
    expect(json['data'][0].camera).toEqual({ id: camera.id, name: 'yard' });
    expect(text).not.toContain('sealed-secret');
  });

  it('asks the database as often for a hundred playbacks as for one', async () => {
    const queries = jest.spyOn(app.database.dataSource, 'createQueryRunner');
    const countFor = async (query: string) => {
      queries.mockClear();
      await list(query);
      return queries.mock.calls.length;
    };
    for (let index = 0; index < 100; index += 1) {
      const event = await app.insertEvent({ cameraId: camera.id });
      const { id } = await insert(index, { eventId: event.id, recordingStatus: 'COMPLETED' });
      await app.insertProgress({ playbackId: id, bytes: index });
    }
    const one = await countFor('?limit=1');
    expect(one).toBeGreaterThan(0);
    expect(await countFor('?limit=100')).toBe(one);
    queries.mockRestore();
  });

  it('gives 50 a page, 200 at most', async () => {
    await app.database.dataSource.query('INSERT INTO playbacks (camera_id) SELECT $1 FROM generate_series(1, 201)', [
      camera.id,
    ]);
    expect((await list()).json['data']).toHaveLength(50);
    expect((await list('?limit=200')).json['data']).toHaveLength(200);
    expect((await list('?limit=201')).status).toBe(400);
  });

  it.each([
    ['eventId=7', ['eventId']],
    [`eventId=${UNKNOWN_ID}&eventId=${UNKNOWN_ID}`, ['eventId']],
    ['cameraId=../..', ['cameraId']],
    ['cameraId=', ['cameraId']],
    ['recordingStatus=DONE', ['recordingStatus']],
    ['recordingStatus=', ['recordingStatus']],
    ['recordingStatus=COMPLETED,', ['recordingStatus']],
    ['recordingStatus=completed', ['recordingStatus']],
    ['from=yesterday', ['from']],
    ['from=2026-02-30T00:00:00Z', ['from']],
    ['from=2026-01-31T12:00:00', ['from']],
    ['from=2026-01-31T12:00:00Z&from=2026-01-31T12:00:00Z', ['from']],
    ['to=2026-13-01', ['to']],
    ['to=99999999999', ['to']],
    ['from=2026-02-01&to=2026-01-01', ['to']],
    ['limit=0', ['limit']],
    ['limit=1.5', ['limit']],
    ['limit=all', ['limit']],
    ['limit=', ['limit']],
    ['cursor=2', ['cursor']],
    ['cursor=', ['cursor']],
    [`cursor=${'A'.repeat(300)}`, ['cursor']],
    ['offset=10', ['offset']],
    ['limit=0&from=x&offset=1', ['limit', 'from', 'offset']],
    ['recordingStatus[]=FAILED', ['recordingStatus[]']],
  ])('refuses ?%s and names every fault', async (query, fields) => {
    const { status, json } = await list(`?${query}`);
    expect([status, json['code']]).toEqual([400, 'REQUEST.INVALID']);
    const faults = json['errors'] as { field: string }[];
    expect(new Set(faults.map(({ field }) => field))).toEqual(new Set(fields));
  });

  it('asks for a token', async () => {
    expect((await app.call('GET', '/playbacks')).status).toBe(401);
  });
});

describe('GET /playbacks/:id', () => {
  const get = (id: string) => app.call('GET', `/playbacks/${id}`, { token: app.tokens.VIEWER });

  it('gives a playback without an event too', async () => {
    const { status, json } = await get((await insert(1)).id);
    expect([status, json['event']]).toEqual([200, null]);
  });

  it('takes an id in capitals', async () => {
    const { id } = await insert(1);
    expect((await get(id.toUpperCase())).json).toMatchObject({ id });
  });

  it('says 404 for an unknown id and 400 for what is none', async () => {
    expect((await get(randomUUID())).json).toMatchObject({ status: 404, code: 'PLAYBACK.NOT_FOUND' });
    for (const id of ['7', '..%2F..%2Fetc%2Fpasswd', `${UNKNOWN_ID}%20`, "'--"]) {
      expect((await get(id)).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    }
  });
});

describe('the OpenAPI document', () => {
  it('names every endpoint with its answers', async () => {
    const { json } = await app.call('GET', '/docs-json');
    const paths = json['paths'] as Record<string, Record<string, { responses: object }>>;
    const answers = Object.entries(paths)
      .filter(([path]) => path.startsWith('/playbacks'))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { responses }]) => [`${method} ${path}`, Object.keys(responses).sort()]),
      );
    const video = ['200', '206', '304', '400', '401', '404', '409', '416', '502', '503', 'default'];
    const picture = ['200', '304', '400', '401', '404', '409', '502', '503', 'default'];
    const ready = ['200', '400', '401', '404', '409', 'default'];
    expect(Object.fromEntries(answers)).toEqual({
      'get /playbacks': ['200', '400', '401', 'default'],
      'post /playbacks': ['201', '400', '401', '403', '404', '409', '503', 'default'],
      'get /playbacks/{id}': ['200', '400', '401', '404', 'default'],
      'post /playbacks/{id}/stop': ['200', '400', '401', '403', '404', '409', 'default'],
      'delete /playbacks/{id}': ['204', '400', '401', '403', '404', '409', 'default'],
      'get /playbacks/{id}/video': video,
      'get /playbacks/{id}/download': video,
      'get /playbacks/{id}/download-url': ready,
      'get /playbacks/{id}/stream-url': ['200', '400', '401', '404', 'default'],
      'get /playbacks/{id}/stream/playlist.m3u8': ready,
      'get /playbacks/{id}/stream/init/{name}.mp4': ready,
      'get /playbacks/{id}/stream/segment/{segmentId}.m4s': [...ready, '502', '503'].sort(),
      'get /playbacks/{id}/thumbnail': picture,
      'get /playbacks/{id}/sprite': picture,
      'get /playbacks/{id}/thumbnails.vtt': ['200', '304', '400', '401', '404', '409', 'default'],
      'get /playbacks/{id}/media-info': ready,
      'get /playbacks/{id}/watch/state': ['200', '400', '401', '404', 'default'],
    });
  });
});
