import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlaybackStateRepository } from '../../../src/modules/catalogue/playback-state.repository.js';
import { type EventApp, startEventApp } from './event-app.js';

let app: EventApp;

beforeAll(async () => {
  app = await startEventApp({ MAX_QUEUED_RECORDINGS: '3', LATE_TRIGGER_MAX_SEC: '120' });
});
afterAll(() => app.close());

const moveOn = (id: unknown) =>
  app.app
    .get(PlaybackStateRepository)
    .transition(app.database.dataSource.manager, String(id), 'RECORDING', { startedAt: new Date() });

describe('an event that is reported late', () => {
  const startOf = async (preRollSec: number, lateSec: number) => {
    const occurredAt = new Date(Date.now() - lateSec * 1_000);
    const { json } = await app.trigger(await app.insertCamera({ preRollSec }), { occurredAt });
    await moveOn(json['playbackId']);
    return { occurredAt, rangeStartMs: (await app.playback(json['playbackId'])).rangeStartAt!.getTime() };
  };

  it.each([5, 0])('is recorded from when it occurred, less the pre-roll of %d s', async (preRollSec) => {
    const { occurredAt, rangeStartMs } = await startOf(preRollSec, 110);
    expect(rangeStartMs).toBe(occurredAt.getTime() - preRollSec * 1_000);
  });

  it('is recorded from now on when it is later than LATE_TRIGGER_MAX_SEC, less the pre-roll', async () => {
    const { occurredAt, rangeStartMs } = await startOf(5, 121);
    expect(rangeStartMs).toBeGreaterThanOrEqual(occurredAt.getTime() + 121_000 - 5_000);
  });
});

describe('with MAX_QUEUED_RECORDINGS recordings that have not begun', () => {
  it('an event that would record is refused and not stored, until one of them begins', async () => {
    const cameraId = await app.insertCamera();
    const merging = await app.insertCamera({ overlapPolicy: 'merge' });
    const waiting = [await app.trigger(cameraId), await app.trigger(cameraId), await app.trigger(merging)];
    expect(waiting.map(({ status }) => status)).toEqual([201, 201, 201]);

    const headers = { 'Idempotency-Key': 'sent-again' };
    const refused = await app.trigger(cameraId, {}, headers);
    expect(refused).toMatchObject({ status: 503, json: { code: 'RECORDING.QUEUE_FULL', status: 503 } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect([await app.countOf('events', cameraId), await app.countOf('playbacks', cameraId)]).toEqual([2, 2]);

    // What adds nothing to the queue is taken.
    expect((await app.trigger(cameraId, { type: 'HEARTBEAT' })).status).toBe(201);
    expect((await app.trigger(merging)).json).toMatchObject({ recording: { state: 'joined' } });
    expect((await app.end(waiting[0]!.json['id'])).status).toBe(200);

    await moveOn(waiting[0]!.json['playbackId']);
    expect((await app.trigger(cameraId, {}, headers)).status).toBe(201);
    expect((await app.trigger(cameraId)).status).toBe(503);
  });
});
