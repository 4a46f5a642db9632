/**
 * Makes `test/support/fixtures/previous-data` with an earlier build: the log, the objects and the rows of a service that was killed while
 * it recorded, after one recording had been completed. Run from the project's folder, with a built checkout of that version:
 * `npx tsx test/support/previous/make-previous-data.ts ../earlier/dist/main.js`
 */
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import pg from 'pg';
import { createLogger } from '../../../src/common/logging.js';
import { startEmbeddedPostgres } from '../../../src/modules/database/embedded-postgres.process.js';
import { ServiceProcess } from '../../../tools/service-process.js';
import { PREVIOUS_DATA, PREVIOUS_KEY, PREVIOUS_TABLES } from './previous-data.js';

const PASSWORD = 'password-of-the-fixture';
/** Small pictures, a key frame each second, segments of two seconds: a few of them are a few kilobytes. */
const CAMERA = { video: { width: 160, height: 96, fps: 10, bitrateKbps: 50 }, gopSec: 1, audio: 'none' as const };
const FOOTAGE_MS = 7_000;

interface Triggered {
  id: string;
  playbackId: string;
}

async function make(entry: string, dir: string): Promise<void> {
  const postgres = await startEmbeddedPostgres(join(dir, 'postgres'), createLogger('error'));
  const camera = await startVirtualCamera(CAMERA);
  const service = await ServiceProcess.start({
    ...{ password: PASSWORD, entry: resolve(entry), cwd: dir },
    env: {
      ...{ PORT: '0', HOST: '127.0.0.1', PUBLIC_URL: 'http://127.0.0.1', DATABASE_URL: postgres.url },
      ...{ DATA_DIR: join(dir, 'data'), STORAGE_MODE: 'local', CAMERA_ALLOWED_CIDRS: '127.0.0.0/8' },
      ...{
        ADMIN_PASSWORD: PASSWORD,
        JWT_SECRET: PASSWORD.repeat(2),
        CREDENTIALS_KEY: PREVIOUS_KEY,
        SEGMENT_MS: '2000',
      },
    },
  });
  const database = new pg.Pool({ connectionString: postgres.url });
  database.on('error', () => undefined); // the server ends before it
  try {
    const body = { name: 'yard', rtspUrl: camera.rtspUrl };
    const { id: cameraId } = await service.call<{ id: string }>('POST', '/cameras', { body });
    const trigger = () => service.call<Triggered>('POST', '/events', { body: { cameraId, type: 'MOTION' } });
    const first = await trigger();
    await delay(FOOTAGE_MS);
    await service.call('POST', `/events/${first.id}/end`);
    await service.waitFor(async () => {
      const { recordingStatus } = await service.call('GET', `/playbacks/${first.playbackId}`);
      return recordingStatus === 'COMPLETED' ? true : undefined;
    });
    await delay(FOOTAGE_MS); // its local bytes go, its preview is made
    await trigger();
    await delay(FOOTAGE_MS);
    await service.stop('SIGKILL');
    await save(join(dir, 'data'), database);
  } finally {
    await service.stop('SIGKILL');
    await database.end();
    await camera.stop();
    await postgres.stop();
  }
}

async function save(dataDir: string, database: pg.Pool): Promise<void> {
  await rm(PREVIOUS_DATA, { recursive: true, force: true });
  await mkdir(PREVIOUS_DATA, { recursive: true });
  for (const name of ['recordings', 'objects']) {
    await cp(join(dataDir, name), join(PREVIOUS_DATA, name), { recursive: true });
  }
  const tables: Record<string, unknown[]> = {};
  for (const table of PREVIOUS_TABLES) {
    // As text of JSON: what the driver makes of dates and binary data would have to be undone.
    const { rows } = await database.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    tables[table] = rows.map(({ row }) => row);
  }
  await writeFile(join(PREVIOUS_DATA, 'rows.json'), `${JSON.stringify(tables, null, 2)}\n`);
}

const [entry] = process.argv.slice(2);
if (!entry) throw new Error('Name the dist/main.js of the earlier build.');
const dir = await mkdtemp(join(tmpdir(), 'hindsight-previous-'));
try {
  await make(entry, dir);
  process.stdout.write(`${(await readdir(PREVIOUS_DATA, { recursive: true })).join('\n')}\n`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
