import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthService } from '../../../src/modules/health/health.service.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startS3 } from '../../support/s3/s3-test-server.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database, {}, { imports: [JobsModule, RecordingModule.forRole('api')] });
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

describe('GET /health/live', () => {
  it('answers without a token', async () => {
    const { status, json } = await app.call('GET', '/health/live');
    expect([status, json]).toEqual([200, { status: 'ok' }]);
  });
});

describe('GET /health/ready', () => {
  it('names every check when all is well', async () => {
    const { status, json, headers } = await app.call('GET', '/health/ready');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(json).toEqual({
      status: 'ok',
      checks: {
        database: { ok: true, detail: 'answers' },
        disk: { ok: true, detail: expect.stringContaining('GiB free') },
        storage: { ok: true, detail: 'local store answers' },
      },
    });
  });

  it('includes what a module contributed', async () => {
    let works = false;
    app.app.get(HealthService).register('ffmpeg', async () => {
      if (!works) throw new Error('spawn /opt/private/ffmpeg ENOENT');
      return 'FFmpeg 5.1';
    });
    const broken = await app.call('GET', '/health/ready');
    expect([broken.status, broken.json['checks'].ffmpeg.ok]).toEqual([503, false]);
    expect(broken.text).not.toContain('/opt/private');
    works = true;
    expect((await app.call('GET', '/health/ready')).json['checks'].ffmpeg).toEqual({ ok: true, detail: 'FFmpeg 5.1' });
  });

  it('takes events while the store is away, which degrades it, and says so in a metric', async () => {
    const s3 = await startS3();
    const env = Object.fromEntries(
      Object.entries(s3.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const remote = await startTestApp(database, env);
    try {
      const look = async (): Promise<unknown[]> => {
        const { status, json } = await remote.call('GET', '/health/ready');
        const metrics = await remote.call('GET', '/metrics', { token: await remote.tokenOf('VIEWER') });
        const up = /^hindsight_store_up (\d)$/m.exec(metrics.text)?.[1];
        return [status, json['status'] as string, json['checks'].storage.ok as boolean, up];
      };
      expect(await look()).toEqual([200, 'ok', true, '1']);
      await s3.stop();
      expect(await look()).toEqual([200, 'degraded', false, '0']);
    } finally {
      await remote.close();
      await s3.stop();
    }
  });

  it('says that the disk is too full', async () => {
    const full = await startTestApp(database, { MIN_FREE_DISK_BYTES: String(Number.MAX_SAFE_INTEGER) });
    const { status, json } = await full.call('GET', '/health/ready');
    await full.close();
    expect([status, json['checks'].disk]).toEqual([
      503,
      { ok: false, detail: expect.stringContaining('MIN_FREE_DISK_BYTES') },
    ]);
    expect(json['checks'].database.ok).toBe(true);
  });

  it('says that the store does not work, and that the rest does', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'hindsight-health-'));
    await writeFile(join(dir, 'objects'), 'a file where the folder should be');
    const broken = await startTestApp(database, { DATA_DIR: dir });
    const { status, json } = await broken.call('GET', '/health/ready');
    await broken.close();
    await rm(dir, { recursive: true });
    expect([status, json['status']]).toEqual([200, 'degraded']);
    expect([json['checks'].storage.ok, json['checks'].database.ok]).toEqual([false, true]);
  });
});

describe('with the database gone', () => {
  it('is alive, not ready, says no address or password, and still gives its metrics out', async () => {
    const lost = await createTestDatabase();
    const other = await startTestApp(lost);
    await lost.dataSource.destroy();
    const live = await other.call('GET', '/health/live');
    const ready = await other.call('GET', '/health/ready');
    const log = other.lines.join('');
    await other.close();
    await lost.drop();
    expect([live.status, ready.status]).toEqual([200, 503]);
    expect(ready.json['checks'].database).toEqual({ ok: false, detail: "failed; the service's log says why" });
    expect(log).toContain('health check failed');
  });
});

describe('GET /metrics', () => {
  it('needs a token of any role', async () => {
    expect((await app.call('GET', '/metrics')).status).toBe(401);
    const { status, headers, text } = await app.call('GET', '/metrics', { token: await app.tokenOf('VIEWER') });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toMatch(/^hindsight_captures_running 0$/m);
  });

  it('counts the recordings that are open, and no finished ones', async () => {
    const [camera] = await database.dataSource.query<{ id: string }[]>(
      "INSERT INTO cameras (name) VALUES ('c') RETURNING id",
    );
    for (const status of ['PENDING', 'RECORDING', 'RECORDING', 'COMPLETED', 'FAILED']) {
      await database.dataSource.query('INSERT INTO playbacks (camera_id, recording_status) VALUES ($1, $2)', [
        camera!.id,
        status,
      ]);
    }
    const { text } = await app.call('GET', '/metrics', { token: await app.tokenOf('ADMIN') });
    const lines = text.split('\n').filter((line) => line.startsWith('hindsight_recordings{'));
    expect(lines.sort()).toEqual([
      'hindsight_recordings{status="PENDING"} 1',
      'hindsight_recordings{status="PROCESSING"} 0',
      'hindsight_recordings{status="RECORDING"} 2',
    ]);
  });

  it('times requests by route pattern, so that ids and made-up paths add no labels', async () => {
    const token = await app.tokenOf('ADMIN');
    await app.call('DELETE', '/users/6f9619ff-8b86-4d01-b42d-00cf4fc964ff', { token });
    await app.call('GET', '/made-up/path', { token });
    await app.call('POST', '/auth/login', { body: '{' });
    const { text } = await app.call('GET', '/metrics', { token });
    expect(text).toMatch(
      /^hindsight_http_request_duration_seconds_count\{method="DELETE",route="\/users\/:id",status="404"\} 1$/m,
    );
    expect(text).toMatch(
      /^hindsight_http_request_duration_seconds_count\{method="GET",route="none",status="404"\} 1$/m,
    );
    expect(text).toMatch(
      /^hindsight_http_request_duration_seconds_count\{method="POST",route="none",status="400"\} 1$/m,
    );
    expect(text).not.toMatch(/made-up|6f9619ff/);
  });
});
