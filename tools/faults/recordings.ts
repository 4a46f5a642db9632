import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { HindsightClient, PlaybackResponse } from '@hindsight/client';
import type { LabCamera } from './cameras.js';
import type { PlannedRecording } from './plan.js';
import type { SupervisedService } from './supervised-service.js';

const DELIVERY_TIMEOUT_MS = 120_000;
const POLL_MS = 500;

export interface MadeRecording {
  index: number;
  cameraIndex: number;
  occurredAtMs: number;
  /** When the event's creation and its end were first sent; the API may have been down. */
  endSentAtMs: number;
  eventId: string;
  /** Null: the event was taken, and nothing is recorded for it. */
  playbackId: string | null;
  /** The row at the end of the campaign; null: it could not be had. */
  playback: PlaybackResponse | null;
  /** The event could not be delivered, with the answer. */
  refused: string | null;
}

/** Sends an event and its end at the planned moments, again and again while the API is down. */
export async function makeRecording(
  service: SupervisedService,
  planned: PlannedRecording,
  { cameraId, startMs }: { cameraId: string; startMs: number },
): Promise<MadeRecording> {
  const { index, cameraIndex, atMs, lengthMs } = planned;
  const occurredAtMs = Math.round(startMs + atMs);
  const made: MadeRecording = {
    ...{ index, cameraIndex, occurredAtMs, endSentAtMs: occurredAtMs + lengthMs, eventId: '', playbackId: null },
    ...{ playback: null, refused: null },
  };
  await delay(Math.max(0, occurredAtMs - Date.now()));
  try {
    const body = { cameraId, type: 'MOTION', occurredAt: new Date(occurredAtMs).toISOString() };
    const params = { header: { 'Idempotency-Key': `fault-lab-${randomUUID()}` } };
    const begin = (api: HindsightClient) => api.POST('/events', { body, params });
    const { id, playbackId } = await service.deliver(begin, Date.now() + DELIVERY_TIMEOUT_MS);
    made.eventId = id;
    made.playbackId = playbackId;
    await delay(Math.max(0, made.endSentAtMs - Date.now()));
    made.endSentAtMs = Date.now();
    const end = (api: HindsightClient) => api.POST('/events/{id}/end', { params: { path: { id } } });
    await service.deliver(end, Date.now() + DELIVERY_TIMEOUT_MS);
  } catch (error) {
    made.refused = error instanceof Error ? error.message : String(error);
  }
  return made;
}

/** Waits until all rows are final, or until the deadline; each recording then has its last row. */
export async function settleRecordings(
  service: SupervisedService,
  recordings: readonly MadeRecording[],
  deadlineMs: number,
): Promise<void> {
  let open = recordings.flatMap((recording) =>
    recording.playbackId === null ? [] : [{ recording, id: recording.playbackId }],
  );
  for (;;) {
    for (const { recording, id } of open) {
      const answer = await service.ask((api) => api.GET('/playbacks/{id}', { params: { path: { id } } }));
      if (answer?.data) recording.playback = answer.data;
    }
    open = open.filter(({ recording }) => !isFinal(recording.playback));
    if (open.length === 0 || Date.now() > deadlineMs) return;
    await delay(POLL_MS);
  }
}

export function isFinal(playback: PlaybackResponse | null): boolean {
  return playback?.recordingStatus === 'COMPLETED' || playback?.recordingStatus === 'FAILED';
}

/** The wanted range as the row and its event say it; null while it is open. */
export function wantedRange(
  { event, completeness }: PlaybackResponse,
  { preRollSec }: Pick<LabCamera, 'preRollSec'>,
): { startMs: number; endMs: number } | null {
  if (!event || completeness.expectedMs === null) return null;
  const startMs = Date.parse(event.occurredAt) - preRollSec * 1_000;
  return { startMs, endMs: startMs + completeness.expectedMs };
}
