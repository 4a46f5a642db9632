import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays, countDates, dateOf } from '../../../src/common/local-days.js';
import { StatisticsModule } from '../../../src/modules/statistics/statistics.module.js';
import type { Camera } from '../../../src/schema/camera.entity.js';
import type { Gap, GapCause } from '../../../src/schema/ledger.js';
import type { Playback } from '../../../src/schema/playback.entity.js';
import type { Answer } from '../../support/http-app.js';
import { type PlaybackApp, startPlaybackApp } from '../playback/playback-app.js';

const UNKNOWN_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const NOTHING = {
  ...{ recordings: 0, completed: 0, failed: 0, open: 0 },
  ...{ successRate: null, seconds: 0, bytes: 0, gaps: [] },
};
let app: PlaybackApp;
let yard: Camera;

beforeAll(async () => {
  app = await startPlaybackApp({ TIME_ZONE: 'Europe/Berlin' }, [StatisticsModule]);
});

afterAll(() => app.close());

beforeEach(async () => {
  await app.database.dataSource.query('TRUNCATE cameras CASCADE');
  yard = await app.insertCamera();
});

const ask = (query = '') => app.call('GET', `/statistics${query}`, { token: app.tokens.VIEWER });
const record = (rangeStartAt: string, fields: Partial<Playback> = {}) =>
  app.insertPlayback({
    cameraId: yard.id,
    rangeStartAt: new Date(rangeStartAt),
    recordingStatus: 'COMPLETED',
    ...fields,
  });
const gap = (cause: GapCause, lengthMs: number): Gap => ({
  startAt: '2026-01-31T23:59:59.500Z',
  endAt: new Date(Date.parse('2026-01-31T23:59:59.500Z') + lengthMs).toISOString(),
  cause,
});

interface Group {
  date?: string;
  cameraId?: string;
  recordings: number;
}

const groupsOf = ({ json }: Answer) => json['groups'] as Group[];
/** How many recordings each day has, of those that have any. */
async function daysWith(query: string): Promise<Record<string, number>> {
  const answer = await ask(query);
  expect(answer.status).toBe(200);
  const found = groupsOf(answer).filter(({ recordings }) => recordings > 0);
  return Object.fromEntries(found.map(({ date, recordings }) => [String(date), recordings] as const));
}

describe('GET /statistics', () => {
  it('has zeros for each day when there is nothing', async () => {
    const { status, json } = await ask('?from=2026-02-27&to=2026-03-02&timeZone=UTC');
    expect([status, json]).toEqual([
      200,
      {
        ...{ from: '2026-02-27', to: '2026-03-02', timeZone: 'UTC', total: NOTHING },
        groups: ['2026-02-27', '2026-02-28', '2026-03-01'].map((date) => ({ date, ...NOTHING })),
      },
    ]);
  });

  it('counts recordings, footage, bytes and gaps of each day, and of all', async () => {
    const noon = '2026-01-31T12:00:00Z';
    await record(noon, { storedMs: 61_250, fileSizeBytes: 5_000_000_000, gaps: [gap('camera_lost', 1_500)] });
    await record(noon, { storedMs: 750, fileSizeBytes: 7, gaps: [gap('camera_starting', 2_000), gap('stalled', 250)] });
    await record(noon, { storedMs: 10_000, fileSizeBytes: 1_000 });
    await record(noon, { recordingStatus: 'FAILED', storedMs: 999, gaps: [gap('camera_lost', 4_001)] });
    for (const recordingStatus of ['PENDING', 'RECORDING', 'PROCESSING'] as const) {
      await record(noon, { recordingStatus, gaps: [gap('unknown', 9_000)] });
    }
    await record('2026-02-01T12:00:00Z', { storedMs: 500, fileSizeBytes: 1, gaps: [gap('stalled', 50)] });
    const { json } = await ask('?from=2026-01-31&to=2026-02-02');
    const first = {
      ...{ recordings: 7, completed: 3, failed: 1, open: 3, successRate: 0.75, seconds: 72, bytes: 5_000_001_007 },
      gaps: [
        { cause: 'camera_lost', count: 2, seconds: 5.501 },
        { cause: 'camera_starting', count: 1, seconds: 2 },
        { cause: 'stalled', count: 1, seconds: 0.25 },
      ],
    };
    const second = {
      ...{ recordings: 1, completed: 1, failed: 0, open: 0, successRate: 1, seconds: 0.5, bytes: 1 },
      gaps: [{ cause: 'stalled', count: 1, seconds: 0.05 }],
    };
    expect(json['groups']).toEqual([
      { date: '2026-01-31', ...first },
      { date: '2026-02-01', ...second },
    ]);
    expect(json['total']).toEqual({
      ...{ recordings: 8, completed: 4, failed: 1, open: 3, successRate: 0.8, seconds: 72.5, bytes: 5_000_001_008 },
      gaps: [
        { cause: 'camera_lost', count: 2, seconds: 5.501 },
        { cause: 'camera_starting', count: 1, seconds: 2 },
        { cause: 'stalled', count: 2, seconds: 0.3 },
      ],
    });
  });

  it('knows the nights in which the clocks of Berlin change', async () => {
    const autumn = [
      '2026-10-24T21:59:59.999Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:59:59.999Z',
      '2026-10-25T23:00:00Z',
    ];
    const spring = [
      '2026-03-28T22:59:59.999Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T21:59:59.999Z',
      '2026-03-29T22:00:00Z',
    ];
    for (const instant of [...autumn, ...spring]) await record(instant);
    const inBerlin = { '2026-10-24': 1, '2026-10-25': 2, '2026-10-26': 1 };
    expect(await daysWith('?from=2026-10-20&to=2026-10-30&timeZone=Europe/Berlin')).toEqual(inBerlin);
    // It is the zone of this service.
    expect(await daysWith('?from=2026-10-20&to=2026-10-30')).toEqual(inBerlin);
    expect(await daysWith('?from=2026-03-20&to=2026-04-01')).toEqual({
      '2026-03-28': 1,
      '2026-03-29': 2,
      '2026-03-30': 1,
    });
    expect(await daysWith('?from=2026-10-20&to=2026-10-30&timeZone=UTC')).toEqual({ '2026-10-24': 2, '2026-10-25': 2 });
    // Half-open: what begins with the day after the last one is not counted.
    expect(await daysWith('?from=2026-10-25&to=2026-10-26')).toEqual({ '2026-10-25': 2 });
  });

  it('puts a recording where its wanted range begins, whenever its row was written', async () => {
    await record('2026-01-31T22:59:55Z', { createdAt: new Date('2026-01-31T23:00:05Z') });
    expect(await daysWith('?from=2026-01-01&to=2026-03-01')).toEqual({ '2026-01-31': 1 });
  });

  it('does not take viewing sessions of the previous version for recordings', async () => {
    await app.insertPlayback({
      cameraId: yard.id,
      recordingStatus: 'FAILED',
      createdAt: new Date('2026-01-31T12:00:00Z'),
    });
    expect((await ask('?from=2026-01-01&to=2026-03-01')).json['total']).toEqual(NOTHING);
  });

  it('groups by camera, deleted ones too, and leaves out cameras that are not asked for', async () => {
    const [gate, gone, idle] = [
      await app.insertCamera({ name: 'gate' }),
      await app.insertCamera({ name: 'gone' }),
      await app.insertCamera({ name: 'idle' }),
    ];
    await app.database.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [gone.id]);
    for (const [camera, times] of [
      [yard, 3],
      [gate, 2],
      [gone, 1],
    ] as const) {
      for (let n = 0; n < times; n += 1) {
        await record(`2026-01-1${n}T12:00:00Z`, { cameraId: camera.id, gaps: [gap('stalled', 1_000)] });
      }
    }
    const month = '?from=2026-01-01&to=2026-02-01';
    const found = async (query: string) => {
      const answer = await ask(month + query);
      const groups = groupsOf(answer);
      expect(answer.json['total'].recordings).toBe(groups.reduce((sum, { recordings }) => sum + recordings, 0));
      expect(groups.map(({ cameraId }) => cameraId)).toEqual(groups.map(({ cameraId }) => cameraId).sort());
      expect(groups.filter((group) => 'date' in group)).toEqual([]);
      return Object.fromEntries(groups.map(({ cameraId, recordings }) => [String(cameraId), recordings] as const));
    };
    expect(await found('&groupBy=camera')).toEqual({ [yard.id]: 3, [gate.id]: 2, [gone.id]: 1 });
    expect(await found(`&groupBy=camera&cameraId=${gone.id}`)).toEqual({ [gone.id]: 1 });
    expect(await found(`&groupBy=camera&cameraId=${gate.id},${yard.id}`)).toEqual({ [yard.id]: 3, [gate.id]: 2 });
    expect(await found(`&groupBy=camera&cameraId=${gate.id}&cameraId=${idle.id}`)).toEqual({ [gate.id]: 2 });
    expect(await found(`&groupBy=camera&cameraId=${UNKNOWN_ID}`)).toEqual({});
    const { json } = await ask(`${month}&cameraId=${gate.id.toUpperCase()}`);
    expect(json['total']).toMatchObject({ recordings: 2, gaps: [{ cause: 'stalled', count: 2, seconds: 2 }] });
    expect(await daysWith(`${month}&cameraId=${gate.id}`)).toEqual({ '2026-01-10': 1, '2026-01-11': 1 });
  });

  it('groups by camera and day, as far as there is something', async () => {
    const gate = await app.insertCamera({ name: 'gate' });
    await record('2026-01-10T12:00:00Z');
    await record('2026-01-10T13:00:00Z', { gaps: [gap('no_video', 3_000)] });
    await record('2026-01-12T12:00:00Z');
    await record('2026-01-12T12:00:00Z', { cameraId: gate.id });
    for (const groupBy of ['camera,day', 'day&groupBy=camera']) {
      const groups = groupsOf(await ask(`?from=2026-01-01&to=2026-02-01&groupBy=${groupBy}`));
      const ofYard = [
        { cameraId: yard.id, date: '2026-01-10', recordings: 2, gaps: [{ cause: 'no_video', count: 1, seconds: 3 }] },
        { cameraId: yard.id, date: '2026-01-12', recordings: 1, gaps: [] },
      ];
      const ofGate = [{ cameraId: gate.id, date: '2026-01-12', recordings: 1, gaps: [] }];
      expect(groups).toMatchObject(yard.id < gate.id ? [...ofYard, ...ofGate] : [...ofGate, ...ofYard]);
      expect(groups).toHaveLength(3);
    }
  });

  it('is about the thirty days up to and with today unless it is asked for others', async () => {
    await record(new Date().toISOString());
    const zone = 'Pacific/Kiritimati';
    const before = dateOf(Date.now(), zone);
    const { json } = await ask(`?timeZone=${zone}`);
    expect([before, dateOf(Date.now(), zone)]).toContain(addDays(json['to'] as string, -1));
    expect(countDates(json['from'] as string, json['to'] as string)).toBe(30);
    expect([json['groups'].length, json['total'].recordings]).toEqual([30, 1]);
    expect((await ask('?to=2026-03-01')).json).toMatchObject({ from: '2026-01-30', to: '2026-03-01' });
  });

  it('gives no group for a range without a day', async () => {
    const { status, json } = await ask('?from=2026-01-31&to=2026-01-31');
    expect([status, json['groups'], json['total']]).toEqual([200, [], NOTHING]);
    expect((await ask('?from=2011-12-30&to=2011-12-31&timeZone=Pacific/Apia&groupBy=camera')).json['groups']).toEqual(
      [],
    );
  });

  it('gives a year at most', async () => {
    const leapYear = await ask('?from=2028-01-01&to=2029-01-01');
    expect([leapYear.status, groupsOf(leapYear).length]).toEqual([200, 366]);
    expect((await ask('?from=2028-01-01&to=2029-01-02')).json).toMatchObject({
      status: 400,
      code: 'STATISTICS.RANGE_TOO_LONG',
    });
  });

  it('refuses an answer that nobody could read, and gives it by day or by camera', async () => {
    const { dataSource } = app.database;
    await dataSource.query(`INSERT INTO cameras (name) SELECT 'camera ' || n FROM generate_series(1, 27) n`);
    await dataSource.query(`
      INSERT INTO playbacks (camera_id, range_start_at)
        SELECT cameras.id, '2028-01-01T12:00:00Z'::timestamptz + n * interval '1 day'
          FROM cameras, generate_series(0, 365) n`);
    const year = '?from=2028-01-01&to=2029-01-01&groupBy=';
    expect((await ask(`${year}camera,day`)).json).toMatchObject({ status: 400, code: 'STATISTICS.TOO_MANY_GROUPS' });
    const [byDay, byCamera] = [await ask(`${year}day`), await ask(`${year}camera`)];
    expect([groupsOf(byDay).length, groupsOf(byCamera).length]).toEqual([366, 28]);
    expect(byDay.json['total']).toMatchObject({ recordings: 28 * 366, open: 28 * 366 });
    expect(byCamera.json['total']).toEqual(byDay.json['total']);
  });

  it.each([
    ['from=yesterday', ['from']],
    ['from=2026-02-30', ['from']],
    ['from=2026-01-01T00:00:00Z', ['from']],
    ['from=', ['from']],
    ['from=2026-01-01&from=2026-01-01', ['from']],
    ['to=1969-12-31', ['to']],
    ['to=2026-13-01', ['to']],
    ['from=2026-02-02&to=2026-02-01', ['to']],
    ['timeZone=%2B02:00', ['timeZone']],
    ['timeZone=CET', ['timeZone']],
    ['timeZone=Mars/Olympus', ['timeZone']],
    ['timeZone=', ['timeZone']],
    ['timeZone=UTC&timeZone=UTC', ['timeZone']],
    ['cameraId=7', ['cameraId']],
    ['cameraId=', ['cameraId']],
    [`cameraId=${UNKNOWN_ID},`, ['cameraId']],
    ['groupBy=month', ['groupBy']],
    ['groupBy=', ['groupBy']],
    ['groupBy=day,', ['groupBy']],
    ['limit=10', ['limit']],
    ['from=x&to=y&timeZone=z&groupBy=w&cameraId=v', ['from', 'to', 'timeZone', 'groupBy', 'cameraId']],
  ])('refuses ?%s and names every fault', async (query, fields) => {
    const { status, json } = await ask(`?${query}`);
    expect([status, json['code']]).toEqual([400, 'REQUEST.INVALID']);
    const faults = json['errors'] as { field: string }[];
    expect(new Set(faults.map(({ field }) => field))).toEqual(new Set(fields));
  });

  it('asks for a token', async () => {
    expect((await app.call('GET', '/statistics')).status).toBe(401);
  });
});
