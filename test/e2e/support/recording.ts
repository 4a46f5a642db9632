import { setTimeout as delay } from 'node:timers/promises';
import {
  bodyOf,
  type CreateCameraDto,
  type CreateEventDto,
  type EndEventResponse,
  type EventResponse,
  type PlaybackResponse,
} from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import type { ServiceProcess } from '../../../tools/service-process.js';

/** Odd in every place where a password can be: a URL, a header, a script, a shell, JSON, XML. */
export const ODD_PASSWORD = `p@ss:w/rd#%&"?é`;

export interface TriggeredEvent extends EventResponse {
  playbackId: string;
  triggeredAtMs: number;
}

/** Some fields of a request: what is undefined is not sent. */
type Fields<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: Fields<T[K]> | undefined } : T;

/** Adds a virtual camera by its stream address. */
export async function addCamera(
  service: ServiceProcess,
  camera: Pick<VirtualCamera, 'rtspUrl' | 'username' | 'password'>,
  extra: Fields<CreateCameraDto> = {},
): Promise<string> {
  const { rtspUrl, username, password } = camera;
  const body = { name: 'Yard', rtspUrl, username, password, ...extra } as CreateCameraDto;
  return (await bodyOf(service.api.POST('/cameras', { body }))).id;
}

export async function postEvent(
  service: ServiceProcess,
  cameraId: string,
  extra: Partial<CreateEventDto> = {},
): Promise<EventResponse> {
  return bodyOf(service.api.POST('/events', { body: { cameraId, type: 'MOTION', ...extra } }));
}

/** An event that must lead to a playback. */
export async function trigger(
  service: ServiceProcess,
  cameraId: string,
  extra: Partial<CreateEventDto> = {},
): Promise<TriggeredEvent> {
  const triggeredAtMs = Date.now();
  const event = await postEvent(service, cameraId, extra);
  if (event.playbackId === null) throw new Error(`no playback: ${JSON.stringify(event)}`);
  return { ...event, playbackId: event.playbackId, triggeredAtMs };
}

export function endEvent(service: ServiceProcess, eventId: string): Promise<EndEventResponse> {
  return bodyOf(service.api.POST('/events/{id}/end', { params: { path: { id: eventId } } }));
}

export function getPlayback(service: ServiceProcess, id: string): Promise<PlaybackResponse> {
  return bodyOf(service.api.GET('/playbacks/{id}', { params: { path: { id } } }));
}

/** How much footage has come in so far. */
export function footageMs({ progress }: PlaybackResponse): number {
  return progress?.durationMs ?? 0;
}

/** The playback as soon as `holds` says so; the error names the last one seen. */
export async function waitForPlayback(
  service: ServiceProcess,
  id: string,
  holds: (playback: PlaybackResponse) => boolean,
  timeoutMs = 30_000,
): Promise<PlaybackResponse> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const playback = await getPlayback(service, id);
    if (holds(playback)) return playback;
    if (Date.now() > deadlineMs) throw new Error(`within ${timeoutMs} ms only ${JSON.stringify(playback)}`);
    await delay(150);
  }
}

/** Waits until footage has come in. */
export function waitUntilRecording(service: ServiceProcess, id: string): Promise<PlaybackResponse> {
  return waitForPlayback(service, id, ({ recordingStatus }) => recordingStatus === 'RECORDING');
}

/** Waits until so much footage is there. */
export function waitForFootage(service: ServiceProcess, id: string, ms: number): Promise<PlaybackResponse> {
  return waitForPlayback(service, id, ({ progress }) => (progress?.durationMs ?? 0) >= ms);
}

export function waitUntilFinal(service: ServiceProcess, id: string, timeoutMs?: number): Promise<PlaybackResponse> {
  const isFinal = ({ recordingStatus: status }: PlaybackResponse) => status === 'COMPLETED' || status === 'FAILED';
  return waitForPlayback(service, id, isFinal, timeoutMs);
}

/** Waits until it is stored; a failure is an error at once. */
export async function waitUntilCompleted(
  service: ServiceProcess,
  id: string,
  timeoutMs?: number,
): Promise<PlaybackResponse> {
  const playback = await waitUntilFinal(service, id, timeoutMs);
  if (playback.recordingStatus !== 'COMPLETED') throw new Error(`it FAILED: ${JSON.stringify(playback.failure)}`);
  return playback;
}

/** Waits until `probe` gives an empty list; the error shows what is still in it. */
export async function waitUntilEmpty(probe: () => unknown[] | Promise<unknown[]>, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const left = await probe();
    if (left.length === 0) return;
    if (Date.now() > deadlineMs) throw new Error(`still there after ${timeoutMs} ms: ${JSON.stringify(left)}`);
    await delay(150);
  }
}

export function sumOfGapsMs({ completeness }: PlaybackResponse): number {
  return completeness.gaps.reduce((sum, { startAt, endAt }) => sum + Date.parse(endAt) - Date.parse(startAt), 0);
}
