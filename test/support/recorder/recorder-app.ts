import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { expect } from '@jest/globals';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { EventModule } from '../../../src/modules/event/event.module.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { PlaybackModule } from '../../../src/modules/playback/playback.module.js';
import type { PlaybackResponse } from '../../../src/modules/playback/playback.response.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import type { TestDatabase } from '../database.js';
import { FFPROBE } from '../ffprobe.js';
import { startTestApp, type TestApp } from '../http-app.js';
import { eventually } from './eventually.js';

export interface StartedEvent {
  id: string;
  playbackId: string;
  recording: { state: string; reason?: string };
}

/** The service's recording side as it runs in a process of role `all`, driven over HTTP. */
export interface RecorderApp extends TestApp {
  token: string;
  addCamera(camera: VirtualCamera, fields?: Record<string, unknown>): Promise<string>;
  trigger(cameraId: string, fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<StartedEvent>;
  end(eventId: string): Promise<void>;
  playback(id: string): Promise<PlaybackResponse>;
  /** Waits for a status; fails when another final one comes. */
  until(id: string, status: PlaybackResponse['recordingStatus'], timeoutMs?: number): Promise<PlaybackResponse>;
  /** Waits until FFmpeg has given something. */
  untilFootage(id: string, ms?: number): Promise<void>;
}

const FINAL = ['COMPLETED', 'FAILED'];

/** @param recordDir kept when the app is closed, so that another can take over */
export async function startRecorderApp(
  database: TestDatabase,
  recordDir: string,
  env: Record<string, string> = {},
): Promise<RecorderApp> {
  const app = await startTestApp(
    database,
    {
      ...{
        RECORD_DIR: recordDir,
        CAMERA_ALLOWED_CIDRS: '127.0.0.0/8',
        CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64'),
      },
      // A distribution's takes a fifth of a second of the processor for each video; `e2e` and `faults` use what the service finds by itself.
      ...{ FFPROBE_PATH: FFPROBE, PROGRESS_MS: '200', RECONCILE_MS: '500' },
      ...env,
    },
    {
      imports: [CameraModule, JobsModule, RecordingModule.forRole('all'), PlaybackModule, EventModule],
      providers: [NotificationListener],
    },
  );
  const token = await app.tokenOf('ADMIN');
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const { status, json, text } = await app.call(method, path, { token, body, headers });
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return json;
  };
  const playback = async (id: string) => (await ask('GET', `/playbacks/${id}`)) as unknown as PlaybackResponse;
  return {
    ...app,
    token,
    playback,
    addCamera: async ({ rtspUrl, username, password }, fields = {}) => {
      const login = password === undefined ? {} : { username, password };
      return (await ask('POST', '/cameras', { name: 'yard', rtspUrl, ...login, ...fields }))['id'] as string;
    },
    trigger: async (cameraId, fields = {}, headers = {}) =>
      (await ask('POST', '/events', { cameraId, type: 'MOTION', ...fields }, headers)) as unknown as StartedEvent,
    end: async (eventId) => void (await ask('POST', `/events/${eventId}/end`)),
    until: (id, status, timeoutMs) =>
      eventually(async () => {
        const found = await playback(id);
        if (FINAL.includes(found.recordingStatus) && found.recordingStatus !== status) {
          throw new Error(`ended ${found.recordingStatus}: ${JSON.stringify(found.failure)}`);
        }
        expect(found.recordingStatus).toBe(status);
        return found;
      }, timeoutMs),
    untilFootage: (id, ms = 1_000) =>
      eventually(async () => expect((await playback(id)).progress?.durationMs ?? 0).toBeGreaterThanOrEqual(ms)),
  };
}

/** What is left of footage in a record folder: captures and assembled files. */
export async function leftFootage(recordDir: string): Promise<string[]> {
  // Anew when the log is swept meanwhile: a folder that goes while it is listed is an error.
  const names = await eventually(() => readdir(recordDir, { recursive: true }));
  return names.filter((name) => /\.(m4s|mp4|part)$/.test(name)).map((name) => join(recordDir, name));
}

/** Milliseconds that a ledger says are missing. */
export function missingMs({ completeness: { gaps } }: PlaybackResponse): number {
  return gaps.reduce((sum, { startAt, endAt }) => sum + Date.parse(endAt) - Date.parse(startAt), 0);
}
