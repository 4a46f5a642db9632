import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bodyOf, type CreateCameraDto } from '@hindsight/client';
import type pg from 'pg';
import type { ServiceProcess } from '../../tools/service-process.js';
import { CAMERA_LOGIN } from './bench.js';
import type { CameraInfo } from './camera-worker.js';

export type Status = 'RECORDING' | 'PROCESSING' | 'COMPLETED';
const ORDER = ['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED'];
const POLL_MS = 5;

export interface Recording {
  cameraId: string;
  eventId: string;
  playbackId: string;
  /** Before the request was sent. */
  triggeredAtMs: number;
  /** Until the answer was there. */
  answerMs: number;
}

/** @param settings beside name, address and login */
export async function addCameras(
  service: ServiceProcess,
  infos: readonly CameraInfo[],
  settings: Partial<CreateCameraDto> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, { rtspUrl }] of infos.entries()) {
    const body = { name: `camera ${index + 1}`, rtspUrl, ...CAMERA_LOGIN, ...settings };
    ids.push((await bodyOf(service.api.POST('/cameras', { body }))).id);
  }
  return ids;
}

export async function trigger(service: ServiceProcess, cameraId: string): Promise<Recording> {
  const triggeredAtMs = Date.now();
  const fromMs = performance.now();
  const body = { cameraId, type: 'MOTION' };
  const event = await service.call<{ id: string; playbackId: string }>('POST', '/events', { body });
  return {
    cameraId,
    eventId: event.id,
    playbackId: event.playbackId,
    triggeredAtMs,
    answerMs: performance.now() - fromMs,
  };
}

/** @returns when the answer to the request was there */
export async function end(service: ServiceProcess, { eventId }: Recording): Promise<number> {
  await bodyOf(service.api.POST('/events/{id}/end', { params: { path: { id: eventId } } }));
  return Date.now();
}

/** The instant at which the service says that the event ended. */
export async function readEnd(service: ServiceProcess, { eventId }: Recording): Promise<number> {
  const { endedAt } = await bodyOf(service.api.GET('/events/{id}', { params: { path: { id: eventId } } }));
  return Date.parse(endedAt!);
}

/** The instant at which each playback's row was first seen in `status` or beyond. The rows are asked, not the API, which is busy. */
export async function waitForStatus(
  database: pg.Pool,
  recordings: readonly Recording[],
  status: Status,
  timeoutMs = 60_000,
): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const left = recordings.filter(({ playbackId }) => !seen.has(playbackId)).map(({ playbackId }) => playbackId);
    if (left.length === 0) return seen;
    const { rows } = await database.query<{ id: string; status: string; failure: string | null }>(
      'SELECT id, recording_status AS status, failure_message AS failure FROM playbacks WHERE id = ANY($1::uuid[])',
      [left],
    );
    for (const row of rows) {
      if (row.status === 'FAILED') throw new Error(`playback ${row.id} failed: ${row.failure}`);
      if (ORDER.indexOf(row.status) >= ORDER.indexOf(status)) seen.set(row.id, Date.now());
    }
    if (Date.now() > deadlineMs) throw new Error(`${left.length} recordings are not ${status} after ${timeoutMs} ms`);
    await delay(POLL_MS);
  }
}

export async function download(service: ServiceProcess, playbackId: string, file: string): Promise<void> {
  const body = await openVideo(service, playbackId);
  await pipeline(Readable.fromWeb(body), createWriteStream(file));
}

/** How much of a video stands in front of its media: `ftyp` and `moov`. */
export async function readHeadBytes(service: ServiceProcess, playbackId: string): Promise<number> {
  const body = await openVideo(service, playbackId, { Range: 'bytes=0-63' });
  const bytes = Buffer.from(await new Response(body).arrayBuffer());
  const ftypBytes = bytes.readUInt32BE(0);
  if (bytes.toString('latin1', ftypBytes + 4, ftypBytes + 8) !== 'moov')
    throw new Error('no moov in front of the media');
  return ftypBytes + bytes.readUInt32BE(ftypBytes);
}

async function openVideo(
  { baseUrl, accessToken }: ServiceProcess,
  playbackId: string,
  headers: Record<string, string> = {},
): Promise<NonNullable<Response['body']>> {
  const response = await fetch(`${baseUrl}/playbacks/${playbackId}/video`, {
    headers: { ...headers, Authorization: `Bearer ${accessToken}` },
  });
  if (!response.ok || !response.body) throw new Error(`the video of ${playbackId} answered ${response.status}`);
  return response.body;
}
