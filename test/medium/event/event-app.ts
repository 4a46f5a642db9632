import { Clock } from '../../../src/common/clock.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { EventModule } from '../../../src/modules/event/event.module.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackModule } from '../../../src/modules/playback/playback.module.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type Answer, startTestApp, type TestApp } from '../../support/http-app.js';
import { isAlone, MovableClock, waitUntil } from '../playback/playback-app.js';

export interface EventApp extends TestApp {
  database: TestDatabase;
  clock: MovableClock;
  token: string;
  insertCamera(fields?: Partial<Camera>): Promise<string>;
  /** POST /events: MOTION unless told otherwise. */
  trigger(cameraId: string, fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer>;
  /** POST /events/:id/end */
  end(eventId: unknown): Promise<Answer>;
  /** POST /playbacks/:id/stop */
  stop(playbackId: unknown): Promise<Answer>;
  playback(id: unknown): Promise<Playback>;
  countOf(table: 'events' | 'playbacks', cameraId: string): Promise<number>;
}

/** A process of role `api`: events, playbacks and ranges, and nobody who records them. Its clock can be moved ahead. */
export async function startEventApp(env: Record<string, string> = {}): Promise<EventApp> {
  const database = await createTestDatabase();
  const clock = new MovableClock();
  const app = await startTestApp(
    database,
    { CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64'), ...env },
    {
      imports: [CameraModule, JobsModule, RecordingModule.forRole('api'), PlaybackModule, EventModule],
      providers: [NotificationListener, { provide: Clock, useValue: clock }],
    },
  );
  const token = await app.tokenOf('ADMIN');
  const { dataSource } = database;
  return {
    ...app,
    database,
    clock,
    token,
    insertCamera: async (fields = {}) =>
      (await dataSource.getRepository(Camera).save({ name: 'yard', rtspUrl: 'rtsp://127.0.0.1/x', ...fields })).id,
    trigger: (cameraId, fields = {}, headers = {}) =>
      app.call('POST', '/events', { token, headers, body: { cameraId, type: 'MOTION', ...fields } }),
    end: (eventId) => app.call('POST', `/events/${String(eventId)}/end`, { token }),
    stop: (playbackId) => app.call('POST', `/playbacks/${String(playbackId)}/stop`, { token }),
    playback: (id) => dataSource.getRepository(Playback).findOneByOrFail({ id: String(id) }),
    countOf: async (table, cameraId) => {
      const sql = `SELECT count(*)::int AS count FROM ${table} WHERE camera_id = $1`;
      return (await dataSource.query<[{ count: number }]>(sql, [cameraId]))[0].count;
    },
    close: async () => {
      await app.close();
      await waitUntil(() => isAlone(database));
      await database.drop();
    },
  };
}
