import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleMetadata } from '@nestjs/common';
import { Clock, SystemClock } from '../../../src/common/clock.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import { CameraEvent } from '../../../src/schema/event.entity.js';
import { NotificationListener } from '../../../src/modules/database/notifications.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackProgress } from '../../../src/schema/playback-progress.entity.js';
import { PlaybackModule } from '../../../src/modules/playback/playback.module.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';

/** The system's time, which a test may move ahead. */
export class MovableClock extends SystemClock {
  aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

export interface PlaybackApp extends TestApp {
  database: TestDatabase;
  store: ObjectStore;
  clock: MovableClock;
  tokens: Record<'ADMIN' | 'OPERATOR' | 'VIEWER', string>;
  insertCamera(fields?: Partial<Camera>): Promise<Camera>;
  insertEvent(fields: Partial<CameraEvent> & { cameraId: string }): Promise<CameraEvent>;
  insertPlayback(fields: Partial<Playback> & { cameraId: string }): Promise<Playback>;
  insertProgress(fields: Partial<Omit<PlaybackProgress, 'playback'>> & { playbackId: string }): Promise<void>;
  /** A COMPLETED playback of a camera of its own, with these bytes in the store. */
  insertVideo(bytes: Buffer, fields?: Partial<Playback>, cameraName?: string): Promise<Playback>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

/** The playback module as it runs in the service: real HTTP, guards, database, job queue and store. */
export async function startPlaybackApp(
  env: Record<string, string> = {},
  more: NonNullable<ModuleMetadata['imports']> = [],
): Promise<PlaybackApp> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-playback-'));
  const database = await createTestDatabase();
  const clock = new MovableClock();
  // The recorder itself stays out of it.
  const imports = [JobsModule, RecordingModule.forRole('api'), PlaybackModule, ...more];
  const providers = [NotificationListener, { provide: Clock, useValue: clock }];
  const secrets = { CREDENTIALS_KEY: randomBytes(32).toString('base64') };
  const app = await startTestApp(database, { ...secrets, ...env }, { imports, providers });
  const [admin, operator, viewer] = await Promise.all([
    app.tokenOf('ADMIN'),
    app.tokenOf('OPERATOR'),
    app.tokenOf('VIEWER'),
  ]);
  const store = app.app.get(ObjectStore);
  const repository = database.dataSource;
  const insertCamera = (fields: Partial<Camera> = {}) =>
    repository.getRepository(Camera).save({ name: 'yard', ...fields } as Camera);
  const insertPlayback = async (fields: Partial<Playback>) => {
    const { id } = await repository.getRepository(Playback).save(fields as Playback);
    return repository.getRepository(Playback).findOneByOrFail({ id });
  };
  return {
    ...app,
    database,
    store,
    clock,
    tokens: { ADMIN: admin, OPERATOR: operator, VIEWER: viewer },
    insertCamera,
    insertEvent: (fields) =>
      repository.getRepository(CameraEvent).save({ type: 'MOTION', occurredAt: new Date(), ...fields } as CameraEvent),
    insertPlayback,
    insertProgress: async (fields) => void (await repository.getRepository(PlaybackProgress).insert(fields)),
    insertVideo: async (bytes, fields = {}, cameraName = 'yard') => {
      const camera = await insertCamera({ name: cameraName });
      const id = randomUUID();
      await store.putBytes(videoKey(id), bytes, { contentType: 'video/mp4' });
      const startedAt = new Date('2026-01-31T12:00:00Z');
      const base = {
        id,
        cameraId: camera.id,
        recordingStatus: 'COMPLETED' as const,
        objectKey: videoKey(id),
        startedAt,
      };
      return insertPlayback({ ...base, ...fields });
    },
    get: (path, headers = {}) =>
      fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${viewer}`, ...headers } }),
    close: async () => {
      await app.close();
      await waitUntil(() => isAlone(database));
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The job library ends its connections without waiting for it; dropping the database under one of them would be an error of its own. */
export async function isAlone({ dataSource }: TestDatabase): Promise<boolean> {
  const rows: unknown[] = await dataSource.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'hindsight'`,
  );
  return rows.length === 0;
}

/** Resolves when `holds` is true; fails after the deadline. */
export async function waitUntil(holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('waited for in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
