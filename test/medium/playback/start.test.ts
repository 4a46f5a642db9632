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
