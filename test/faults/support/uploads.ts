import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { addCamera, trigger, type TriggeredEvent } from '../../e2e/support/recording.js';
import type { TestService } from '../../e2e/support/test-service.js';
import type { S3FaultAction } from '../../support/s3/s3-faults.js';
import type { S3Operation } from '../../support/s3/s3-request.js';
import type { S3TestServer } from '../../support/s3/s3-test-server.js';

export const PART_BYTES = 5 * 1024 ** 2;

/** One recording whose upload is looked at in the store. */
export interface Uploading {
  camera: VirtualCamera;
  cameraId: string;
  event: TriggeredEvent;
  /** Of its object. */
  key: string;
}

export async function beginUploading(service: TestService, camera: VirtualCamera, name: string): Promise<Uploading> {
  const cameraId = await addCamera(service, camera, { name });
  const event = await trigger(service, cameraId);
  return { camera, cameraId, event, key: `playbacks/${event.playbackId}/video.mp4` };
}

export function failsOn(store: S3TestServer, { key }: Uploading, operation: S3Operation) {
  return (action: S3FaultAction, times?: number) =>
    store.faults.add({ action, operation, key, ...(times === undefined ? {} : { times }) });
}

/** Requests of one kind for one object, those without an answer too. */
export function requestsFor(store: S3TestServer, { key }: Uploading, operation: S3Operation) {
  return store.stats.requests.filter((request) => request.key === key && request.operation === operation);
}

/** Parts of its media that the store has. */
export function partsInStore(store: S3TestServer, { key }: Uploading): number {
  const open = store.listMultipartUploads().filter((upload) => upload.key === key);
  return Math.max(0, ...open.map(({ parts }) => parts.length));
}

/** So many parts are in the store, and the row says so. */
export function hasSafe(parts: number): (playback: PlaybackResponse) => boolean {
  return ({ upload }) => (upload?.safeBytes ?? 0) >= parts * PART_BYTES;
}

/** Asks until `holds`; the error shows what was seen last. */
export async function until<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadlineMs) throw new Error(`within ${timeoutMs} ms only ${JSON.stringify(seen)}`);
    await delay(50);
  }
}

/** A sudden end of everything that the service runs. */
export async function killAll(service: TestService): Promise<void> {
  const ffmpegs = await service.ffmpegs();
  const ended = service.stop('SIGKILL');
  for (const { pid } of ffmpegs) kill(pid);
  await ended;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // its pipe broke first
  }
}
