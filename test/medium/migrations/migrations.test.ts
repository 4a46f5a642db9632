import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions, MIGRATIONS, migrate } from '../../../src/schema/data-source.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const CAMERA = '11111111-1111-4111-8111-111111111111';
const SESSION = '22222222-2222-4222-8222-222222222222';

let database: TestDatabase;
let dataSource: DataSource;

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  dataSource = database.dataSource;
});

afterEach(() => database.drop());

describe('migrations', () => {
  it('bring an empty database to exactly what the entities say', async () => {
    expect(await migrate(dataSource)).toHaveLength(MIGRATIONS.length);
    expect(await drift(dataSource)).toEqual([]);
  });

  it('run once when several processes start together', async () => {
    const others = await Promise.all([1, 2].map(() => new DataSource(dataSourceOptions(database.url)).initialize()));
    const runs = await Promise.all([dataSource, ...others].map(migrate));
    await Promise.all(others.map((other) => other.destroy()));
    expect(runs.flat()).toHaveLength(MIGRATIONS.length);
  });

  it('go down to nothing and up again', async () => {
    await migrate(dataSource);
    await undo(dataSource, MIGRATIONS.length);
    expect(await tables(dataSource)).toEqual(['migrations']);
    await migrate(dataSource);
    expect(await drift(dataSource)).toEqual([]);
  });

  it('turn viewing sessions of the previous schema into finished rows, and give them back when reverted', async () => {
    await previousSchema(database.url);
    await insertViewingSession(dataSource);
    const [before] = await dataSource.query<Record<string, unknown>[]>('SELECT * FROM playbacks');

    await migrate(dataSource);
    const [row] = await dataSource.query<Record<string, unknown>[]>('SELECT * FROM playbacks');
    expect(row).toMatchObject({ id: SESSION, recording_status: 'FAILED', failure_code: 'PLAYBACK.VIEWING_SESSION' });
    expect(row).not.toHaveProperty('stream_url');
    expect(await drift(dataSource)).toEqual([]);

    await undo(dataSource, MIGRATIONS.length - 1);
    const [after] = await dataSource.query<Record<string, unknown>[]>('SELECT * FROM playbacks');
    expect(after).toEqual(before);
  });

  it('upgrade the playbacks table as the required migration says', async () => {
    await previousSchema(database.url);
    const upgrade = await partial(database.url, 2);
    const columns = await upgrade.query<{ column_name: string }[]>(`
      SELECT column_name, data_type, character_maximum_length AS length, column_default FROM information_schema.columns
      WHERE table_name = 'playbacks' AND table_schema = 'public'`);
    const byName = new Map(columns.map((column) => [column.column_name, column]));
    expect(byName.get('recording_status')).toMatchObject({
      length: 20,
      column_default: expect.stringContaining('PENDING'),
    });
    expect(byName.get('video_url')).toMatchObject({ length: 500 });
    expect(byName.get('file_size_bytes')).toMatchObject({ data_type: 'bigint' });
    expect([...byName.keys()].sort()).toEqual(
      [
        'id',
        'camera_id',
        'started_at',
        'ended_at',
        'created_at',
        'event_id',
        'recording_status',
        'video_url',
        'local_path',
      ]
        .concat(['file_size_bytes', 'duration_sec', 'codec', 'resolution'])
        .sort(),
    );
    const indexes = await upgrade.query<
      {
        indexname: string;
      }[]
    >(`SELECT indexname FROM pg_indexes WHERE tablename = 'playbacks'`);
    expect(indexes.map(({ indexname }) => indexname)).toEqual(
      expect.arrayContaining(['idx_playbacks_event', 'idx_playbacks_recording_status']),
    );
    await upgrade.destroy();
  });

  it('let cameras that recorded MOTION without naming it go on recording it, and arm all of them', async () => {
    const older = await partial(database.url, 6);
    await older.query(
      `INSERT INTO cameras (name, record_on) VALUES ('a', '{}'), ('b', '{DOORBELL}'), ('c', '{X,MOTION}')`,
    );
    await older.destroy();
    const lists = () => dataSource.query<{ on: string[] }[]>('SELECT record_on AS on FROM cameras ORDER BY name');
    const named = [{ on: ['MOTION'] }, { on: ['MOTION', 'DOORBELL'] }, { on: ['X', 'MOTION'] }];
    await migrate(dataSource);
    expect(await lists()).toEqual(named);
    expect(await dataSource.query('SELECT DISTINCT enabled FROM cameras')).toEqual([{ enabled: true }]);
    await undo(dataSource, MIGRATIONS.length - 6);
    expect(await lists()).toEqual(named);
  });

  it('count what recorders that know no streams write down as interruptions of the main one', async () => {
    const older = await partial(database.url, 8);
    await older.query(`INSERT INTO cameras (id, name) VALUES ($1, 'yard')`, [CAMERA]);
    const insert = `INSERT INTO interruptions (camera_id, started_at, cause, detail) VALUES ($1, now(), 'stalled', '')`;
    await older.query(insert, [CAMERA]);
    await migrate(dataSource);
    // An older recorder goes on beside a newer one.
    await older.query(insert, [CAMERA]);
    await older.destroy();
    const rows = await dataSource.query('SELECT stream FROM interruptions');
    expect(rows).toEqual([{ stream: 'main' }, { stream: 'main' }]);
  });

  it('take progress out of the playbacks, of finished ones too, and put it back when reverted', async () => {
    const older = await partial(database.url, 9);
    await older.query(`INSERT INTO cameras (id, name) VALUES ($1, 'yard')`, [CAMERA]);
    await older.query(
      `INSERT INTO playbacks (camera_id, recording_status, progress_bytes, progress_duration_ms, progress_frames, progress_fps,
                              progress_bitrate_kbps, upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes)
       VALUES ($1, 'COMPLETED', 5000000000, 2, 3, 12.5, 4.5, 6, 7, 8), ($1, 'RECORDING', 9, 1, 1, 25, 1, NULL, NULL, NULL),
              ($1, 'PROCESSING', NULL, NULL, NULL, NULL, NULL, 10, 0, 0), ($1, 'PENDING', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
      [CAMERA],
    );
    const before = await older.query<unknown[]>(
      `SELECT id, recording_status, progress_bytes, progress_duration_ms, progress_frames, progress_fps, progress_bitrate_kbps,
              upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes FROM playbacks ORDER BY id`,
    );
    await older.destroy();
    await migrate(dataSource);
    const moved = await dataSource.query<unknown[]>(
      `SELECT p.id, recording_status, bytes AS progress_bytes, progress.duration_ms AS progress_duration_ms,
              frames AS progress_frames, fps AS progress_fps, bitrate_kbps AS progress_bitrate_kbps,
              upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes
         FROM playbacks p LEFT JOIN playback_progress progress ON progress.playback_id = p.id ORDER BY p.id`,
    );
    expect(moved).toEqual(before);
    expect(await dataSource.query('SELECT FROM playback_progress')).toHaveLength(3);
    await undo(dataSource, MIGRATIONS.length - 9);
    const after = await dataSource.query(
      `SELECT id, recording_status, progress_bytes, progress_duration_ms, progress_frames, progress_fps, progress_bitrate_kbps,
              upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes FROM playbacks ORDER BY id`,
    );
    expect(after).toEqual(before);
  });

  it('keep a playback when its event is deleted', async () => {
    await migrate(dataSource);
    await dataSource.query(`INSERT INTO cameras (id, name) VALUES ($1, 'yard')`, [CAMERA]);
    await dataSource.query(`INSERT INTO events (id, camera_id, type, occurred_at) VALUES ($1, $2, 'MOTION', now())`, [
      SESSION,
      CAMERA,
    ]);
    await dataSource.query('INSERT INTO playbacks (camera_id, event_id) VALUES ($1, $2)', [CAMERA, SESSION]);
    await dataSource.query('DELETE FROM events');
    expect(await dataSource.query('SELECT event_id FROM playbacks')).toEqual([{ event_id: null }]);
  });
});

/** The SQL that would still be needed to make the database what the entities say. */
async function drift(source: DataSource): Promise<string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}

async function tables(source: DataSource): Promise<string[]> {
  const rows = await source.query<
    {
      tablename: string;
    }[]
  >(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
  return rows.map(({ tablename }) => tablename).sort();
}

/** Reverts the newest migrations, one after the other. */
async function undo(source: DataSource, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await source.undoLastMigration();
}

/** A database in which only the first `count` migrations have run. */
async function partial(url: string, count: number): Promise<DataSource> {
  const source = await new DataSource({
    ...dataSourceOptions(url),
    migrations: MIGRATIONS.slice(0, count),
  }).initialize();
  await source.runMigrations();
  return source;
}

async function previousSchema(url: string): Promise<void> {
  await (await partial(url, 1)).destroy();
}

async function insertViewingSession(source: DataSource): Promise<void> {
  await source.query(`INSERT INTO cameras (id, name) VALUES ($1, 'yard')`, [CAMERA]);
  await source.query(
    `INSERT INTO playbacks (id, camera_id, recording_id, user_id, status, position, speed, stream_url, protocol,
       current_position_sec, username, user_agent, client_ip, error_message, started_at, ended_at, created_at)
     VALUES ($1, $2, gen_random_uuid(), gen_random_uuid(), 'closed', 7, 1.5, 'rtsp://x', 'hls', 9, 'ann', 'curl', '::1', 'gone',
       '2024-01-01T00:00:00.123Z', '2024-01-01T00:01:00Z', '2024-01-01T00:00:00Z')`,
    [SESSION, CAMERA],
  );
}
