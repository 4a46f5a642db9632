import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Playback } from '../../../src/schema/playback.entity.js';
import type { PlaybackResponse } from '../../../src/modules/playback/playback.response.js';
import { type PlaybackApp, startPlaybackApp } from './playback-app.js';

describe('POST /playbacks', () => {
  let app: PlaybackApp;

  beforeAll(async () => {
    app = await startPlaybackApp({ MAX_QUEUED_RECORDINGS: '6' });
  });

  afterAll(() => app.close());

  const start = (body: unknown, token = app.tokens.OPERATOR) => app.call('POST', '/playbacks', { token, body });
  const rowOf = (id: string) => app.database.dataSource.getRepository(Playback).findOneByOrFail({ id });
  const count = () => app.database.dataSource.getRepository(Playback).count();

  /** From its start to its limit; the one counts from the question, the other from a moment later. */
  function expectLasts({ rangeStartAt, deadlineAt }: Pick<Playback, 'rangeStartAt' | 'deadlineAt'>, ms: number): void {
    const laterMs = deadlineAt!.getTime() - rangeStartAt!.getTime() - ms;
    expect({ ms, isRight: laterMs >= 0 && laterMs < 5_000 }).toEqual({ ms, isRight: true });
  }

  it('asks for the camera without an event, with its pre-roll and its longest recording', async () => {
    const { id: cameraId } = await app.insertCamera({ preRollSec: 5, maxRecordingSec: 120 });
    const fromMs = Date.now();
    const { status, json } = await start({ cameraId });
    const playback = json as unknown as PlaybackResponse;
    expect([status, playback.recordingStatus, playback.event, playback.camera?.id]).toEqual([
      201,
      'PENDING',
      null,
      cameraId,
    ]);
    const { eventId, rangeStartAt, rangeEndAt, deadlineAt } = await rowOf(playback.id);
    expect([eventId, rangeEndAt]).toEqual([null, null]);
    expectLasts({ rangeStartAt, deadlineAt }, 125_000);
    expect(rangeStartAt!.getTime()).toBeGreaterThanOrEqual(fromMs - 5_001);
  });

  it('ends after the time that was asked for, and is stopped by hand like any other', async () => {
    const { id: cameraId } = await app.insertCamera({ maxRecordingSec: 120 });
    const { json } = await start({ cameraId, durationSec: 43_200 }, app.tokens.ADMIN);
    const { id } = json as unknown as PlaybackResponse;
    const { rangeStartAt, deadlineAt } = await rowOf(id);
    expectLasts({ rangeStartAt, deadlineAt }, 43_200_000);
    const stopped = await app.call('POST', `/playbacks/${id}/stop`, { token: app.tokens.OPERATOR });
    expect([stopped.status, (await rowOf(id)).endReason]).toEqual([200, 'stopped']);
  });

  it('begins at a past instant, without the pre-roll, and ends when it is to', async () => {
    const { id: cameraId } = await app.insertCamera({ preRollSec: 5, maxRecordingSec: 120 });
    const fromMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
    const from = new Date(fromMs).toISOString();
    const open = await start({ cameraId, from });
    expect(open.json).toMatchObject({ kind: 'manual', recordingStatus: 'PENDING' });
    const row = await rowOf((open.json as { id: string }).id);
    expect(row).toMatchObject({ rangeStartAt: new Date(fromMs), rangeEndAt: null });
    expectLasts(row, 720_000);
    const until = await start({ cameraId, from, to: new Date(fromMs + 660_000).toISOString() });
    const closed = await rowOf((until.json as { id: string }).id);
    expect(closed.rangeStartAt).toEqual(new Date(fromMs));
    expect(Math.abs(closed.deadlineAt!.getTime() - fromMs - 660_000)).toBeLessThanOrEqual(5_000);
  });

  it('refuses times that make no sense, and more than twelve hours, and stores nothing', async () => {
    const { id: cameraId } = await app.insertCamera();
    const before = await count();
    const at = (sec: number) => new Date(Date.now() + sec * 1_000).toISOString();
    for (const times of [
      ...[{ from: at(60) }, { to: at(60) }, { from: at(-60), to: at(-120) }],
      ...[{ from: 'yesterday' }, { from: null }, { from: at(-60), to: at(-30), durationSec: 30 }],
    ]) {
      expect([times, (await start({ cameraId, ...times })).status]).toEqual([times, 400]);
    }
    const long = await start({ cameraId, from: at(-43_200), durationSec: 60 });
    expect(long.json).toMatchObject({ status: 400, code: 'PLAYBACK.RANGE_TOO_LONG' });
    expect(await count()).toBe(before);
  });

  it('stays alone on a camera whose recordings merge', async () => {
    const { id: cameraId } = await app.insertCamera({ overlapPolicy: 'merge' });
    const ids = [await start({ cameraId }), await start({ cameraId })].map(({ json }) => (json as { id: string }).id);
    expect(new Set(ids).size).toBe(2);
  });

  it('refuses a disarmed camera, and stores nothing', async () => {
    const { id: cameraId } = await app.insertCamera({ enabled: false });
    const before = await count();
    expect((await start({ cameraId })).json).toMatchObject({ status: 409, code: 'CAMERA.DISABLED' });
    expect(await count()).toBe(before);
  });

  it('refuses what makes no sense, and who may not, and stores nothing', async () => {
    const { id: cameraId } = await app.insertCamera();
    const before = await count();
    for (const durationSec of [0, 43_201, 1.5, '60', -1, null]) {
      expect([durationSec, (await start({ cameraId, durationSec })).status]).toEqual([durationSec, 400]);
    }
    for (const body of [{}, { cameraId: 'x' }, { cameraId, more: 1 }]) expect((await start(body)).status).toBe(400);
    expect((await start({ cameraId: randomUUID() })).json).toMatchObject({ status: 404, code: 'CAMERA.NOT_FOUND' });
    expect((await start({ cameraId }, app.tokens.VIEWER)).status).toBe(403);
    expect((await app.call('POST', '/playbacks', { body: { cameraId } })).status).toBe(401);
    expect(await count()).toBe(before);
  });

  it('says when too many wait already', async () => {
    const { id: cameraId } = await app.insertCamera();
    let last = await start({ cameraId });
    while (last.status === 201) last = await start({ cameraId });
    expect(last.json).toMatchObject({ status: 503, code: 'RECORDING.QUEUE_FULL' });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
