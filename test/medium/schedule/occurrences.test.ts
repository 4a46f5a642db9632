import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import type { OccurrenceResponse } from '../../../src/modules/schedule/occurrence.dto.js';
import { Incident } from '../../../src/schema/incident.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { type ScheduleApp, startScheduleApp } from './schedule-app.js';

describe('occurrences', () => {
  let app: ScheduleApp;

  beforeAll(async () => {
    app = await startScheduleApp({ INCIDENT_CHECK_MS: '3600000' });
  });
  beforeEach(async () => {
    app.clock.aheadMs = 0;
    await app.database.dataSource.query('TRUNCATE cameras, schedules CASCADE');
  });
  afterAll(() => app.close());

  /** One that begins so many seconds from now and lasts a minute. */
  async function once(sec: number, fields: Record<string, unknown> = {}): Promise<OccurrenceResponse> {
    const rule = { kind: 'once', at: app.wallIn(sec) };
    const { id } = await app.schedule({ rule, durationSec: 60, ...fields });
    const [occurrence] = await app.occurrences(`?scheduleId=${id}`);
    return occurrence!;
  }

  const passSec = (sec: number) => (app.clock.aheadMs += sec * 1_000);
  const get = async (id: string) => (await app.ask('GET', `/occurrences/${id}`)).json as unknown as OccurrenceResponse;
  const playbacks = () => app.database.dataSource.getRepository(Playback).find({ order: { createdAt: 'ASC' } });
  const act = async (id: string, action: string) => {
    const { status, json } = await app.ask('POST', `/occurrences/${id}/${action}`);
    return status === 200 ? (json['status'] as string) : (json['code'] as string);
  };
  type Said = Partial<Pick<Playback, 'recordingStatus' | 'failureCode' | 'failureMessage' | 'endedAt'>>;
  const setPlayback = (fields: Said) =>
    app.database.dataSource.getRepository(Playback).update({ kind: 'schedule' }, fields);

  it('are opened once, ahead of their time, whoever looks', async () => {
    const { id } = await once(30);
    const openers = [app.newOpener(), app.newOpener(), app.newOpener()];
    const opened = async () => (await Promise.all(openers.map((each) => each.openDue()))).reduce((a, b) => a + b);
    expect(await opened()).toBe(0);
    passSec(26);
    expect(await opened()).toBe(1);
    expect(await opened()).toBe(0);
    const occurrence = await get(id);
    expect(occurrence).toMatchObject({ status: 'recording', attempts: 1, earlierPlaybackIds: [] });
    const [playback, ...others] = await playbacks();
    expect(others).toEqual([]);
    expect([playback!.id, playback!.kind, playback!.eventId, playback!.endReason]).toEqual([
      ...[occurrence.playbackId, 'schedule', null],
      'schedule_ended',
    ]);
    expect([playback!.rangeStartAt!.toISOString(), playback!.rangeEndAt!.toISOString()]).toEqual([
      occurrence.recordFrom,
      occurrence.recordTo,
    ]);
    const shown = await app.ask('GET', '/playbacks?kind=schedule');
    expect((shown.json['data'] as { id: string; kind: string }[]).map((one) => [one.id, one.kind])).toEqual([
      [playback!.id, 'schedule'],
    ]);
    expect((await app.ask('GET', '/playbacks?kind=manual')).json['total']).toBe(0);
  });

  it('of a hundred cameras are opened once each by recorders that race', async () => {
    const cameras = await Promise.all(Array.from({ length: 100 }, () => app.insertCamera()));
    await once(5, { cameraIds: cameras.map(({ id }) => id) });
    passSec(5);
    const counts = await Promise.all([app.newOpener(), app.newOpener()].map((each) => each.openDue()));
    expect(counts[0]! + counts[1]!).toBe(100);
    expect(new Set((await playbacks()).map(({ cameraId }) => cameraId)).size).toBe(100);
  });

  it('that were not begun in time begin with their own start while their time goes on', async () => {
    const { id, recordFrom, recordTo } = await once(5);
    passSec(40);
    expect(await app.newOpener(() => false).openDue()).toBe(0);
    expect(await app.newOpener().openDue()).toBe(1);
    const [playback] = await playbacks();
    expect([playback!.rangeStartAt!.toISOString(), playback!.rangeEndAt!.toISOString()]).toEqual([
      recordFrom,
      recordTo,
    ]);
    expect((await get(id)).status).toBe('recording');
  });

  it('have failed when nobody began them, which is an incident', async () => {
    const { id, camera, recordFrom } = await once(5);
    const monitor = app.app.get(IncidentMonitor, { strict: false });
    const open = async () =>
      (await app.database.dataSource.getRepository(Incident).findBy({ kind: 'missed_start' })).filter(
        ({ endedAt }) => endedAt === null,
      );
    await monitor.look();
    expect(await open()).toEqual([]);
    passSec(51);
    await monitor.look();
    expect(await open()).toMatchObject([{ cameraId: camera.id, beganAt: new Date(recordFrom) }]);
    passSec(30);
    expect(await app.newOpener().openDue()).toBe(0);
    expect(await get(id)).toMatchObject({ status: 'failed', playbackId: null, failure: { code: 'SCHEDULE.MISSED' } });
    expect((await app.occurrences('?status=failed')).map((one) => one.id)).toEqual([id]);
    expect(await app.occurrences('?status=scheduled')).toEqual([]);
    await monitor.look();
    expect(await open()).toHaveLength(1);
    passSec(3_700);
    await monitor.look();
    expect(await open()).toEqual([]);
    expect(await act(id, 'retry')).toBe('OCCURRENCE.OVER');
  });

  it('of a disarmed camera wait until it is armed, and those of a deleted camera are none', async () => {
    const armed = await app.insertCamera({ enabled: false });
    await once(5, { cameraIds: [armed.id] });
    const gone = await app.insertCamera();
    const { id } = await once(3_600, { cameraIds: [gone.id] });
    passSec(10);
    expect(await app.newOpener().openDue()).toBe(0);
    await app.database.dataSource.query('UPDATE cameras SET enabled = true');
    expect(await app.newOpener().openDue()).toBe(1);
    await app.database.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [gone.id]);
    await app.planner.planOn();
    expect((await app.ask('GET', `/occurrences/${id}`)).status).toBe(404);
  });

  it('say how their recording ended', async () => {
    const { id } = await once(5);
    passSec(5);
    await app.newOpener().openDue();
    for (const [recordingStatus, status] of [
      ['RECORDING', 'recording'],
      ['PROCESSING', 'recording'],
      ['COMPLETED', 'completed'],
    ] as const) {
      await setPlayback({ recordingStatus });
      expect([recordingStatus, (await get(id)).status]).toEqual([recordingStatus, status]);
      expect((await app.occurrences(`?status=${status}`)).map((one) => one.id)).toEqual([id]);
    }
    await setPlayback({ recordingStatus: 'FAILED', failureCode: 'CAMERA.UNREACHABLE', failureMessage: 'It is off.' });
    expect(await get(id)).toMatchObject({ status: 'failed', failure: { code: 'CAMERA.UNREACHABLE' } });
  });

  it('are begun at once by hand, for as long as they were to last', async () => {
    const { id } = await once(7_200, { paddingAfterSec: 30 });
    const nowMs = app.clock.nowMs();
    expect(await act(id, 'start')).toBe('recording');
    const { edited, recordFrom, recordTo } = await get(id);
    expect([edited, Date.parse(recordTo) - Date.parse(recordFrom)]).toEqual([true, 90_000]);
    expect(Date.parse(recordFrom)).toBeGreaterThanOrEqual(nowMs);
    expect(Date.parse(recordFrom)).toBeLessThan(nowMs + 60_000);
    expect(await act(id, 'start')).toBe('OCCURRENCE.NOT_SCHEDULED');
    passSec(7_200);
    expect(await app.newOpener().openDue()).toBe(0);
  });

  it('are left out when they are cancelled, and stopped when they have begun', async () => {
    const [waiting, running] = [await once(60), await once(5)];
    expect(await act(waiting.id, 'cancel')).toBe('cancelled');
    passSec(6);
    await app.newOpener().openDue();
    expect(await act(running.id, 'cancel')).toBe('cancelled');
    const [playback] = await playbacks();
    expect([playback!.endReason, playback!.rangeEndAt!.getTime() <= app.clock.nowMs()]).toEqual(['stopped', true]);
    passSec(60);
    expect(await app.newOpener().openDue()).toBe(0);
    expect(await act(waiting.id, 'cancel')).toBe('OCCURRENCE.NOT_SCHEDULED');
    expect(await act(randomUUID(), 'cancel')).toBe('OCCURRENCE.NOT_FOUND');
  });

  it('are recorded on from the last good footage when they are retried, and each attempt stays', async () => {
    const { id, recordTo } = await once(5);
    expect(await act(id, 'retry')).toBe('OCCURRENCE.NOT_FAILED');
    passSec(10);
    await app.newOpener().openDue();
    const [first] = await playbacks();
    const endedAt = new Date(app.clock.nowMs() + 2_000);
    await setPlayback({ recordingStatus: 'FAILED', failureCode: 'RECORDING.ASSEMBLY_FAILED', endedAt });
    passSec(5);
    expect(await act(id, 'retry')).toBe('recording');
    const occurrence = await get(id);
    expect([occurrence.attempts, occurrence.earlierPlaybackIds]).toEqual([2, [first!.id]]);
    const second = (await playbacks()).find((one) => one.id === occurrence.playbackId)!;
    expect([second.rangeStartAt, second.rangeEndAt!.toISOString()]).toEqual([endedAt, recordTo]);
    await app.database.dataSource.getRepository(Playback).update({ id: second.id }, { recordingStatus: 'FAILED' });
    passSec(60);
    expect(await act(id, 'retry')).toBe('OCCURRENCE.OVER');
  });

  it('are moved while they are still to come, and keep their padding', async () => {
    const { id } = await once(600, { paddingBeforeSec: 10, paddingAfterSec: 20 });
    const at = (sec: number) => new Date(Math.ceil(app.clock.nowMs() / 1_000) * 1_000 + sec * 1_000).toISOString();
    const move = (body: object) => app.ask('PATCH', `/occurrences/${id}`, body);
    const times = { startsAt: at(1_000), endsAt: at(2_000) };
    expect((await move(times)).json).toMatchObject({
      ...times,
      ...{ edited: true, recordFrom: at(990), recordTo: at(2_020), status: 'scheduled' },
    });
    expect((await move({ paddingAfterSec: 0 })).json).toMatchObject({ ...times, recordTo: at(2_000) });
    expect((await move({ endsAt: at(1_000) })).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    expect((await move({ endsAt: at(1_000 + 43_201) })).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    expect((await move({ startsAt: at(-500), endsAt: at(-400) })).json['code']).toBe('OCCURRENCE.OVER');
    await act(id, 'cancel');
    expect((await move(times)).json).toMatchObject({ status: 409, code: 'OCCURRENCE.NOT_SCHEDULED' });
  });

  it('are changed by the hundred, each done or with its own error', async () => {
    const [one, other] = [await once(600), await once(600)];
    await act(other.id, 'cancel');
    const unknown = randomUUID();
    const ids = [one.id, other.id, unknown];
    const { json } = await app.ask('POST', '/occurrences/bulk', { ids, action: 'cancel' });
    expect((json['results'] as { id: string; code: string | null }[]).map(({ id, code }) => [id, code])).toEqual([
      [one.id, null],
      [other.id, 'OCCURRENCE.NOT_SCHEDULED'],
      [unknown, 'OCCURRENCE.NOT_FOUND'],
    ]);
    const many = Array.from({ length: 501 }, () => randomUUID());
    expect((await app.ask('POST', '/occurrences/bulk', { ids: many, action: 'cancel' })).status).toBe(400);
    expect((await app.ask('POST', '/occurrences/bulk', { ids, action: 'delete' })).status).toBe(400);
  });

  it('are listed by when they start, page by page', async () => {
    const { id } = await app.schedule();
    const all = await app.occurrences(`?scheduleId=${id}`);
    expect(all.map(({ startsAt }) => startsAt)).toEqual(all.map(({ startsAt }) => startsAt).sort());
    const page = await app.ask('GET', `/occurrences?scheduleId=${id}&limit=5`);
    const rest = await app.occurrences(`?scheduleId=${id}&cursor=${page.json['nextCursor'] as string}`);
    expect([...(page.json['data'] as OccurrenceResponse[]), ...rest]).toEqual(all);
    const [from, to] = [all[2]!.startsAt, all[4]!.startsAt];
    expect(await app.occurrences(`?from=${from}&to=${to}`)).toEqual(all.slice(2, 4));
  });
});
