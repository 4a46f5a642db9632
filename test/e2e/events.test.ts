import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventResponse, PlaybackResponse } from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secret } from '../support/secrets.js';
import {
  addCamera,
  endEvent,
  getPlayback,
  ODD_PASSWORD,
  postEvent,
  sumOfGapsMs,
  trigger,
  waitForFootage,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
  waitUntilRecording,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

/** How long the event lasted, by the service's clock. */
const lengthMs = ({ event }: PlaybackResponse) => Date.parse(event!.endedAt!) - Date.parse(event!.occurredAt);

describe('events and their recordings', () => {
  let service: TestService;
  const cameras: VirtualCamera[] = [];

  beforeAll(async () => {
    service = await TestService.launch({ env: { RECONCILE_MS: '500' } });
  });

  afterAll(async () => {
    await service?.close();
    await Promise.all(cameras.map((camera) => camera.stop()));
  });

  async function newCamera(extra: Record<string, unknown> = {}): Promise<{ camera: VirtualCamera; cameraId: string }> {
    const camera = await startVirtualCamera({ gopSec: 1, username: 'admin', password: secret(ODD_PASSWORD) });
    cameras.push(camera);
    return { camera, cameraId: await addCamera(service, camera, extra) };
  }

  it('records by hand, without an event, until the time is over or it is stopped', async () => {
    const { camera, cameraId } = await newCamera();
    const start = (fields: object = {}) =>
      service.call<PlaybackResponse>('POST', '/playbacks', { body: { cameraId, ...fields } });
    const [timed, open] = [await start({ durationSec: 6 }), await start()];
    for (const { event, recordingStatus } of [timed, open]) expect([event, recordingStatus]).toEqual([null, 'PENDING']);
    const done = await waitUntilCompleted(service, timed.id);
    expect(done).toMatchObject({ endReason: 'max_duration', event: null, failure: null });
    expect(done.completeness.expectedMs! - 6_000).toBeGreaterThanOrEqual(0);
    expect(done.completeness.expectedMs! - 6_000).toBeLessThan(1_000);
    expect((await getPlayback(service, open.id)).recordingStatus).toBe('RECORDING');
    await service.call('POST', `/playbacks/${open.id}/stop`);
    const stopped = await waitUntilCompleted(service, open.id);
    expect(stopped).toMatchObject({ endReason: 'stopped', event: null, failure: null });
    for (const { completeness } of [done, stopped]) {
      expect(completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting']);
    }
    expect(stopped.durationMs!).toBeGreaterThan(done.durationMs!);
    expect(camera.stats().sessionsOpened).toBe(1);
  }, 60_000);

  it('records several events on one camera at once: each gets its own playback, the camera is opened once', async () => {
    const { camera, cameraId } = await newCamera();
    const first = await trigger(service, cameraId);
    await waitForFootage(service, first.playbackId, 1_000);
    const [second, third] = await Promise.all([trigger(service, cameraId), trigger(service, cameraId)]);
    expect(new Set([first, second, third].map(({ playbackId }) => playbackId)).size).toBe(3);
    await waitForFootage(service, third.playbackId, 1_000);
    await endEvent(service, first.id);
    const one = await waitUntilCompleted(service, first.playbackId);
    // The others go on with the same session.
    expect(camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 1 });
    expect((await getPlayback(service, second.playbackId)).recordingStatus).toBe('RECORDING');
    await endEvent(service, second.id);
    await delay(1_000);
    await endEvent(service, third.id);
    const two = await waitUntilCompleted(service, second.playbackId);
    const three = await waitUntilCompleted(service, third.playbackId);
    for (const playback of [one, two, three]) {
      const { expectedMs, storedMs } = playback.completeness;
      expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
      expect(playback.endReason).toBe('event_ended');
    }
    // The camera was open already, so these two begin with their trigger: nothing is missing.
    for (const playback of [two, three]) expect(playback.completeness.gaps).toEqual([]);
    for (const playback of [one, two, three]) expect(playback.completeness.expectedMs).toBe(lengthMs(playback));
    await waitUntilEmpty(() => Array.from({ length: camera.stats().sessionsOpen }));
    expect(camera.stats().sessionsOpened).toBe(1);
  }, 60_000);

  it('answers a repeated Idempotency-Key with the first answer, also when both come at once', async () => {
    const { cameraId } = await newCamera();
    const key = randomUUID();
    const post = (extra: Record<string, unknown> = {}) =>
      service.request<EventResponse>('POST', '/events', {
        body: { cameraId, type: 'MOTION', metadata: { zone: 'gate' }, ...extra },
        headers: { 'Idempotency-Key': key },
      });
    const answers = await Promise.all([post(), post(), post()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(sorted(body)))).size).toBe(1);
    const again = await post();
    expect(again.status).toBe(200);
    const other = await post({ metadata: { zone: 'porch' } });
    expect(other).toMatchObject({ status: 409, body: { code: 'EVENT.IDEMPOTENCY_KEY_REUSED' } });
    expect(await service.call('GET', `/playbacks?cameraId=${cameraId}`)).toMatchObject({ total: 1 });
    await endEvent(service, again.body.id);
    await waitUntilCompleted(service, again.body.playbackId!);
  }, 60_000);

  it('takes a second end of the same event as it takes the first', async () => {
    const { camera, cameraId } = await newCamera();
    const { id, playbackId } = await trigger(service, cameraId);
    await waitForFootage(service, playbackId, 500);
    const first = await endEvent(service, id);
    const endedAt = (await service.call<EventResponse>('GET', `/events/${id}`)).endedAt;
    const [second, third] = await Promise.all([endEvent(service, id), endEvent(service, id)]);
    for (const answer of [first, second, third]) expect(answer).toMatchObject({ ok: true, eventId: id, playbackId });
    const playback = await waitUntilCompleted(service, playbackId);
    expect(await endEvent(service, id)).toEqual({ ok: true, eventId: id, playbackId, recordingStatus: 'COMPLETED' });
    expect((await service.call<EventResponse>('GET', `/events/${id}`)).endedAt).toBe(endedAt);
    expect((await getPlayback(service, playbackId)).completeness).toEqual(playback.completeness);
    expect(camera.stats().sessionsOpened).toBe(1);
  }, 60_000);

  it('ends an event that nobody ends at the dead-man limit', async () => {
    const { camera, cameraId } = await newCamera({ maxRecordingSec: 15 });
    const { playbackId, id } = await trigger(service, cameraId);
    const playback = await waitUntilCompleted(service, playbackId);
    expect(playback).toMatchObject({ endReason: 'max_duration', completeness: { expectedMs: expect.any(Number) } });
    expect(Math.abs(playback.completeness.expectedMs! - 15_000)).toBeLessThan(100);
    await waitUntilEmpty(() => Array.from({ length: camera.stats().sessionsOpen }));
    expect(await endEvent(service, id)).toMatchObject({ playbackId, recordingStatus: 'COMPLETED' });
  }, 60_000);

  it('captures nothing of a disarmed camera, lets a warm one go, and takes it back', async () => {
    const { camera, cameraId } = await newCamera({ preRollSec: 1, maxRecordingSec: 60 });
    const arm = (enabled: boolean) =>
      service.call<{ enabled: boolean }>('PATCH', `/cameras/${cameraId}`, { body: { enabled } });
    const { playbackId } = await trigger(service, cameraId);
    await waitForFootage(service, playbackId, 500);
    expect(await arm(false)).toMatchObject({ enabled: false });
    expect(await waitUntilCompleted(service, playbackId)).toMatchObject({ endReason: 'stopped' });
    await waitUntilEmpty(() => Array.from({ length: camera.stats().sessionsOpen }));
    const opened = camera.stats().sessionsOpened;
    expect(await postEvent(service, cameraId)).toMatchObject({
      playbackId: null,
      recording: { state: 'not_requested', reason: expect.stringContaining('disarmed') },
    });
    const byHand = await service.request('POST', '/playbacks', { body: { cameraId } });
    expect([byHand.status, byHand.body['code']]).toEqual([409, 'CAMERA.DISABLED']);
    expect(camera.stats().sessionsOpened).toBe(opened);
    expect(await arm(true)).toMatchObject({ enabled: true });
    await service.waitFor(() => (camera.stats().sessionsOpen > 0 ? true : undefined));
    const again = await trigger(service, cameraId);
    await waitForFootage(service, again.playbackId, 500);
    await endEvent(service, again.id);
    await waitUntilCompleted(service, again.playbackId);
    await arm(false); // nothing may be warm at the end of this file
  }, 120_000);

  it('records on the types that the camera names, in any case, and on nothing else', async () => {
    const { camera, cameraId } = await newCamera({ recordOn: ['doorbell', 'motion'], maxRecordingSec: 1 });
    const silent = await postEvent(service, cameraId, { type: 'TAMPER', description: 'cover open' });
    expect(silent).toMatchObject({
      type: 'TAMPER',
      playbackId: null,
      recording: { state: 'not_requested', reason: expect.stringContaining('TAMPER') },
    });
    expect(camera.stats().sessionsOpened).toBe(0);
    expect(await endEvent(service, silent.id)).toEqual({
      ok: true,
      eventId: silent.id,
      playbackId: null,
      recordingStatus: null,
    });
    const events = await Promise.all(['Doorbell', 'motion'].map((type) => trigger(service, cameraId, { type })));
    expect(events.map(({ type, recording }) => [type, recording])).toEqual([
      ['DOORBELL', { state: 'requested' }],
      ['MOTION', { state: 'requested' }],
    ]);
    for (const { playbackId } of events) await waitUntilCompleted(service, playbackId);
    const { data } = await service.call<{ data: EventResponse[] }>('GET', `/events?cameraId=${cameraId}`);
    expect(data.map(({ type }) => type).sort()).toEqual(['DOORBELL', 'MOTION', 'TAMPER']);
  }, 60_000);

  it('stops by hand, once', async () => {
    const { camera, cameraId } = await newCamera({ postRollSec: 30 });
    const { id, playbackId } = await trigger(service, cameraId);
    await waitUntilRecording(service, playbackId);
    expect(await service.request('DELETE', `/playbacks/${playbackId}`)).toMatchObject({
      status: 409,
      body: { code: 'PLAYBACK.STILL_RECORDING' },
    });
    expect(await service.request('GET', `/playbacks/${playbackId}/video`)).toMatchObject({
      status: 409,
      body: { code: 'PLAYBACK.NOT_READY' },
    });
    expect(await service.call('POST', `/playbacks/${playbackId}/stop`)).toMatchObject({ ok: true, playbackId });
    const playback = await waitUntilCompleted(service, playbackId);
    expect(playback.endReason).toBe('stopped');
    expect(await service.request('POST', `/playbacks/${playbackId}/stop`)).toMatchObject({
      status: 409,
      body: { code: 'PLAYBACK.NOT_RECORDING' },
    });
    expect(await endEvent(service, id)).toMatchObject({ playbackId, recordingStatus: 'COMPLETED' });
    await waitUntilEmpty(() => Array.from({ length: camera.stats().sessionsOpen }));
    expect((await service.request('DELETE', `/playbacks/${playbackId}`)).status).toBe(204);
    expect(await service.call('GET', `/events/${id}`)).toMatchObject({ id, playbackId: null });
  }, 60_000);

  it('records on beyond the end of the event for as long as the camera asks', async () => {
    const { cameraId } = await newCamera({ postRollSec: 2 });
    const { id, playbackId } = await trigger(service, cameraId);
    await waitForFootage(service, playbackId, 500);
    await endEvent(service, id);
    const playback = await waitUntilCompleted(service, playbackId);
    expect(playback.completeness.expectedMs).toBe(lengthMs(playback) + 2_000);
  }, 60_000);

  it('keeps the footage of an event that ends before the camera gave its first picture', async () => {
    const { cameraId } = await newCamera();
    const { id, playbackId } = await trigger(service, cameraId);
    await endEvent(service, id);
    const playback = await waitUntilFinal(service, playbackId);
    const { expectedMs, storedMs } = playback.completeness;
    expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', endReason: 'event_ended' });
    expect(playback.durationMs).toBeGreaterThan(0);
  }, 60_000);

  it('lists playbacks by event, camera, status and time', async () => {
    const { cameraId } = await newCamera({ maxRecordingSec: 1 });
    const { id, playbackId } = await trigger(service, cameraId);
    const { createdAt } = await waitUntilCompleted(service, playbackId);
    const list = async (query: string) =>
      (await service.call<{ data: { id: string }[] }>('GET', `/playbacks?${query}`)).data.map((each) => each.id);
    expect(await list(`eventId=${id}`)).toEqual([playbackId]);
    expect(await list(`cameraId=${cameraId}&recordingStatus=COMPLETED`)).toEqual([playbackId]);
    expect(await list(`cameraId=${cameraId}&recordingStatus=FAILED,PROCESSING`)).toEqual([]);
    expect(await list(`cameraId=${cameraId}&from=${createdAt}`)).toEqual([playbackId]);
    expect(await list(`cameraId=${cameraId}&to=${createdAt}`)).toEqual([]);
  }, 60_000);

  it('leaves no FFmpeg, no local footage and no open camera', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    await waitUntilEmpty(() => service.mediaFiles());
    expect(cameras.map((camera) => camera.stats().sessionsOpen)).toEqual(cameras.map(() => 0));
    const metrics = await service.call<unknown>('GET', '/metrics');
    expect(metrics).toMatch(/^hindsight_captures_running 0$/m);
  });
});

/** JSON from the database has its keys in another order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
