import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ZONE_DATA_VERSION } from '../../../src/common/wall-time.js';
import { DAY_MS, type ScheduleApp, startScheduleApp } from './schedule-app.js';

describe('/schedules', () => {
  let app: ScheduleApp;

  beforeAll(async () => {
    app = await startScheduleApp({ TIME_ZONE: 'Europe/Berlin' });
  });
  beforeEach(async () => {
    app.clock.aheadMs = 0;
    await app.database.dataSource.query('TRUNCATE cameras, schedules CASCADE');
  });
  afterAll(() => app.close());

  const startsOf = async (query = '') => (await app.occurrences(query)).map(({ startsAt }) => startsAt);
  const planRows = () =>
    app.database.dataSource.query<unknown[]>('SELECT * FROM occurrences ORDER BY camera_id, starts_at');

  it('plans two weeks of each camera with the answer', async () => {
    const cameras = [await app.insertCamera(), await app.insertCamera()];
    const cameraIds = cameras.map(({ id }) => id).sort();
    const schedule = await app.schedule({ cameraIds, paddingBeforeSec: 60, paddingAfterSec: 30 });
    expect(schedule).toMatchObject({ version: 1, enabled: true, cameraIds, rule: { kind: 'daily', at: '08:00' } });
    const found = await app.occurrences(`?scheduleId=${schedule.id}&limit=200`);
    expect(found).toHaveLength(28);
    for (const { status, startsAt, recordFrom, recordTo, failure } of found) {
      expect([status, startsAt.slice(11), recordFrom.slice(11), recordTo.slice(11), failure]).toEqual([
        ...['scheduled', '08:00:00.000Z', '07:59:00.000Z', '09:00:30.000Z'],
        null,
      ]);
    }
    expect(await app.occurrences(`?cameraId=${cameraIds[0]}`)).toHaveLength(14);
  });

  it('plans the next one, however far away it is', async () => {
    await app.schedule({ rule: { kind: 'once', at: '2037-03-29T02:30' }, timeZone: 'Europe/Berlin' });
    const [only, ...others] = await app.occurrences();
    expect([only!.startsAt, only!.note, others]).toEqual([
      '2037-03-29T01:00:00.000Z',
      'The clocks skip 2037-03-29T02:30: it begins at 03:00.',
      [],
    ]);
  });

  it('shows what it would plan before it is saved, and saves nothing', async () => {
    const body = { rule: { kind: 'daily', at: '01:00' }, until: '04:00', firstDate: '2030-10-26', count: 3 };
    const { status, json } = await app.ask('POST', '/schedules/preview', body);
    expect(status).toBe(200);
    const shown = json['occurrences'] as unknown as { localStart: string; lengthSec: number; note: string | null }[];
    expect(shown.map(({ localStart, lengthSec }) => [localStart, lengthSec / 3_600])).toEqual([
      ['2030-10-26T01:00:00', 3],
      ['2030-10-27T01:00:00', 4],
      ['2030-10-28T01:00:00', 3],
    ]);
    expect(shown[1]!.note).toContain('60 minutes longer');
    expect(await planRows()).toEqual([]);
  });

  it('says what is wrong with a rule, and stores nothing', async () => {
    const { id } = await app.insertCamera();
    const body = { name: 'bay', cameraIds: [id], rule: { kind: 'daily', at: '08:00' }, durationSec: 60 };
    const codeOf = async (fields: object) => {
      const { status, json } = await app.ask('POST', '/schedules', { ...body, ...fields });
      return [status, json['code'] as unknown];
    };
    for (const [fields, ...expected] of [
      [{ rule: { kind: 'daily', at: '25:00' } }, 400, 'SCHEDULE.RULE_INVALID'],
      [{ rule: { kind: 'cron', expression: '* * * * * *' } }, 400, 'SCHEDULE.RULE_INVALID'],
      [{ until: '09:00' }, 400, 'SCHEDULE.RULE_INVALID'],
      [{ timeZone: 'Europe/Atlantis' }, 400, 'SCHEDULE.ZONE_UNKNOWN'],
      [{ timeZone: '+02:00' }, 400, 'SCHEDULE.ZONE_UNKNOWN'],
      [{ rule: { kind: 'once', at: '2020-01-01T08:00' } }, 400, 'SCHEDULE.NEVER'],
      [{ rule: { kind: 'cron', expression: '0 0 30 2 *' } }, 400, 'SCHEDULE.NEVER'],
      [{ cameraIds: [randomUUID()] }, 404, 'CAMERA.NOT_FOUND'],
      [{ cameraIds: [] }, 400, 'REQUEST.INVALID'],
      [{ rule: 'daily' }, 400, 'REQUEST.INVALID'],
      [{ rule: { kind: 'daily', at: '08:00', hour: 8 } }, 400, 'REQUEST.INVALID'],
      [{ exceptDates: ['2026-02-30'] }, 400, 'REQUEST.INVALID'],
      [{ durationSec: 0 }, 400, 'REQUEST.INVALID'],
      [{ name: null }, 400, 'REQUEST.INVALID'],
    ] as const) {
      expect([fields, await codeOf(fields)]).toEqual([fields, expected]);
    }
    expect((await app.call('POST', '/schedules', { token: app.tokens.VIEWER, body })).status).toBe(403);
    expect([await planRows(), (await app.ask('GET', '/schedules')).json['data']]).toEqual([[], []]);
  });

  it('plans anew when it is changed, and leaves what was edited or cancelled', async () => {
    const { id } = await app.schedule();
    const [, second, third] = await app.occurrences(`?scheduleId=${id}`);
    const startsAt = new Date(Date.parse(second!.startsAt) + 60_000).toISOString();
    expect((await app.ask('PATCH', `/occurrences/${second!.id}`, { startsAt })).status).toBe(200);
    expect((await app.ask('POST', `/occurrences/${third!.id}/cancel`)).json['status']).toBe('cancelled');
    const { status, json } = await app.ask('PATCH', `/schedules/${id}`, { rule: { kind: 'daily', at: '10:00' } });
    expect([status, json['version']]).toEqual([200, 2]);
    const times = (await startsOf(`?scheduleId=${id}`)).map((at) => at.slice(11, 16));
    expect(times.filter((time) => time === '10:00').length).toBeGreaterThanOrEqual(13);
    expect(times.filter((time) => time === '08:01')).toHaveLength(1);
    expect((await app.occurrences(`?status=cancelled`)).map((one) => one.id)).toEqual([third!.id]);
  });

  it('refuses a change that was meant for an earlier version', async () => {
    const { id } = await app.schedule();
    const rename = (version: string) =>
      app.ask('PATCH', `/schedules/${id}`, { name: version }, { 'if-match': version });
    expect((await rename('1')).json).toMatchObject({ name: '1', version: 2 });
    expect((await rename('"1"')).json).toMatchObject({ status: 409, code: 'SCHEDULE.CHANGED' });
    expect((await rename('"2"')).json).toMatchObject({ name: '"2"', version: 3 });
    expect((await rename('latest')).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    const remove = await app.ask('DELETE', `/schedules/${id}`, undefined, { 'if-match': '2' });
    expect(remove.json).toMatchObject({ status: 409, code: 'SCHEDULE.CHANGED' });
  });

  it('takes back what it has planned when it is switched off, and plans again when it is switched on', async () => {
    const { id } = await app.schedule();
    await app.ask('PATCH', `/schedules/${id}`, { enabled: false });
    expect(await app.occurrences()).toEqual([]);
    const results = (await app.ask('POST', '/schedules/bulk', { ids: [id, randomUUID()], action: 'enable' })).json[
      'results'
    ];
    expect(results).toMatchObject([
      { id, ok: true, code: null },
      { ok: false, code: 'SCHEDULE.NOT_FOUND' },
    ]);
    expect(await app.occurrences()).toHaveLength(14);
  });

  it('is gone with what is still to come when it is deleted', async () => {
    const { id } = await app.schedule();
    expect((await app.ask('DELETE', `/schedules/${id}`)).status).toBe(204);
    expect((await app.ask('GET', `/schedules/${id}`)).json).toMatchObject({ status: 404, code: 'SCHEDULE.NOT_FOUND' });
    expect([await app.occurrences(), (await app.ask('GET', '/schedules')).json['data']]).toEqual([[], []]);
  });

  it('is listed with its filters, page by page', async () => {
    const camera = await app.insertCamera();
    const ids: string[] = [];
    for (const enabled of [true, true, false])
      ids.unshift((await app.schedule({ cameraIds: [camera.id], enabled })).id);
    await app.schedule();
    const read = async (query: string) => {
      const { json } = await app.ask('GET', `/schedules${query}`);
      return { ids: (json['data'] as { id: string }[]).map(({ id }) => id), next: json['nextCursor'] as string | null };
    };
    expect((await read(`?cameraId=${camera.id}`)).ids).toEqual(ids);
    expect((await read(`?cameraId=${camera.id}&enabled=false`)).ids).toEqual(ids.slice(0, 1));
    const first = await read(`?cameraId=${camera.id}&limit=2`);
    expect((await read(`?cameraId=${camera.id}&limit=2&cursor=${first.next}`)).ids).toEqual(ids.slice(2));
  });

  it('is planned on once a day, by any number of processes, without a second row', async () => {
    await app.schedule();
    const before = await planRows();
    expect(await app.planner.planOn()).toBe(0);
    app.clock.aheadMs = 2 * DAY_MS;
    await Promise.all([app.planner.planOn(), app.planner.planOn()]);
    const after = await planRows();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after).toHaveLength(before.length + 2);
    expect(await app.planner.planOn()).toBe(0);
    expect(await planRows()).toEqual(after);
  });

  it('is planned anew when the rules of its zone have changed, but for what was edited', async () => {
    await app.schedule();
    const [first, second] = await app.occurrences();
    const endsAt = new Date(Date.parse(second!.endsAt) + 60_000).toISOString();
    await app.ask('PATCH', `/occurrences/${second!.id}`, { endsAt });
    const shifted = `interval '1 hour'`;
    await app.database.dataSource.query(
      `UPDATE occurrences SET starts_at = starts_at + ${shifted}, ends_at = ends_at + ${shifted}, record_from = record_from + ${shifted},
              record_to = record_to + ${shifted} WHERE NOT edited`,
    );
    await app.database.dataSource.query(`UPDATE schedules SET zone_data = '1970a'`);
    expect(await app.planner.planOn()).toBe(1);
    const [again, edited] = await app.occurrences();
    expect([again, edited!.endsAt]).toEqual([first, endsAt]);
    const [row] = await app.database.dataSource.query<{ zone_data: string }[]>('SELECT zone_data FROM schedules');
    expect(row!.zone_data).toBe(ZONE_DATA_VERSION);
  });

  it('is left alone by a process that knows older rules', async () => {
    await app.schedule();
    await app.database.dataSource.query(`UPDATE schedules SET zone_data = '2999a', planned_until = now()`);
    expect(await app.planner.planOn()).toBe(0);
  });
});
