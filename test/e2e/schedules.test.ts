import { setTimeout as delay } from 'node:timers/promises';
import {
  bodyOf,
  type CreateScheduleDto,
  type OccurrenceResponse,
  type ScheduleResponse,
  type UpdateOccurrenceDto,
} from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addCamera, waitUntilCompleted } from './support/recording.js';
import { TestService } from './support/test-service.js';

const CAMERA_START_TIMEOUT_MS = 2_000;

describe('schedules', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;

  beforeAll(async () => {
    const env = {
      RECONCILE_MS: '500',
      SCHEDULE_LEAD_SEC: '6',
      CAMERA_START_TIMEOUT_MS: String(CAMERA_START_TIMEOUT_MS),
    };
    service = await TestService.launch({ env });
    camera = await startVirtualCamera({ gopSec: 1 });
  });

  /** What was recorded of one says nothing of the other. */
  beforeEach(async () => {
    cameraId = await addCamera(service, camera);
  });

  afterAll(async () => {
    await service?.close();
    await camera?.stop();
  });

  /** A one-off so many seconds from now. */
  async function once(sec: number, durationSec: number): Promise<ScheduleResponse> {
    const at = new Date(Date.now() + sec * 1_000).toISOString().slice(0, 19);
    const rule: CreateScheduleDto['rule'] = { kind: 'once', at };
    const body: CreateScheduleDto = { name: 'once', cameraIds: [cameraId], rule, timeZone: 'UTC', durationSec };
    return bodyOf(service.api.POST('/schedules', { body }));
  }

  async function waitForOccurrence(
    scheduleId: string,
    holds: (occurrence: OccurrenceResponse) => boolean,
  ): Promise<OccurrenceResponse> {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      const { data } = await bodyOf(service.api.GET('/occurrences', { params: { query: { scheduleId } } }));
      const [occurrence] = data;
      if (occurrence && holds(occurrence)) return occurrence;
      if (Date.now() > deadlineMs) throw new Error(`in a minute only ${JSON.stringify(occurrence)}`);
      await delay(200);
    }
  }

  it('record exactly the time that was asked for, ahead of which the camera is opened', async () => {
    const { id } = await once(10, 5);
    const { playbackId, startsAt } = await waitForOccurrence(id, (one) => one.playbackId !== null);
    const playback = await waitUntilCompleted(service, playbackId!);
    expect(playback).toMatchObject({ kind: 'schedule', event: null, endReason: 'schedule_ended', failure: null });
    expect(playback.completeness).toEqual({ expectedMs: 5_000, storedMs: 5_000, gaps: [] });
    expect(Date.parse(playback.startedAt!)).toBeLessThanOrEqual(Date.parse(startsAt));
    expect((await waitForOccurrence(id, ({ status }) => status === 'completed')).attempts).toBe(1);
    const { data } = await bodyOf(service.api.GET('/playbacks', { params: { query: { kind: 'schedule' } } }));
    expect(data.map((one) => one.id)).toEqual([playbackId]);
  }, 90_000);

  it('that should have begun before begin now, and the ledger says that nobody recorded them', async () => {
    const { id } = await once(3_600, 60);
    const { id: occurrenceId } = await waitForOccurrence(id, () => true);
    const [startsAt, endsAt] = [-60, 8].map((sec) => new Date(Date.now() + sec * 1_000).toISOString());
    const params = { path: { id: occurrenceId } };
    await bodyOf(service.api.PATCH('/occurrences/{id}', { params, body: { startsAt, endsAt } as UpdateOccurrenceDto }));
    const { playbackId } = await waitForOccurrence(id, (one) => one.playbackId !== null);
    const { completeness } = await waitUntilCompleted(service, playbackId!);
    expect(completeness.expectedMs).toBe(68_000);
    const [missed, ...others] = completeness.gaps;
    expect([missed!.startAt, missed!.cause]).toEqual([startsAt, 'service_stopped']);
    expect(Date.parse(missed!.endAt) - Date.parse(missed!.startAt)).toBeGreaterThanOrEqual(60_000);
    expect(others.map(({ cause }) => cause).filter((cause) => cause !== 'camera_starting')).toEqual([]);
  }, 90_000);

  it('wait for a camera that is off when they begin, until they end', async () => {
    const rtspPort = Number(new URL(camera.rtspUrl).port);
    await camera.stop();
    const { id } = await once(1, 25);
    const { playbackId } = await waitForOccurrence(id, (one) => one.playbackId !== null);
    // Longer than a recording of an event waits here.
    await delay(CAMERA_START_TIMEOUT_MS + 3_000);
    camera = await startVirtualCamera({ gopSec: 1, rtspPort });
    const { completeness } = await waitUntilCompleted(service, playbackId!, 60_000);
    expect(completeness.expectedMs).toBe(25_000);
    expect(completeness.storedMs).toBeGreaterThan(2_000);
    expect(completeness.gaps.map(({ cause }) => cause)).toContain('camera_unreachable');
  }, 120_000);
});
