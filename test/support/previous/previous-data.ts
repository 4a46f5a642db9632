import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate, MIGRATIONS } from '../../../src/schema/data-source.js';
import { migrateQueue } from '../../../src/modules/jobs/graphile.queue.js';
import type { TestDatabase } from '../database.js';

/** The data folder that `make-previous-data.ts` has made with an earlier build. */
export const PREVIOUS_DATA = fileURLToPath(new URL('../fixtures/previous-data', import.meta.url));
/** `CREDENTIALS_KEY` of that build's service. */
export const PREVIOUS_KEY = Buffer.alloc(32, 7).toString('base64');
/** As many of the migrations had run in it. */
const PREVIOUS_MIGRATIONS = 9;
/** Tables of that build's schema. */
export const PREVIOUS_TABLES = [
  ...['cameras', 'camera_status', 'recorders', 'events', 'playbacks', 'playback_media'],
  ...['interruptions', 'uploads', 'upload_parts', 'upload_captures'],
] as const;

type Rows = Record<string, Record<string, unknown>[]>;

export interface PreviousData {
  /** A copy of it. */
  dir: string;
  rows: Rows;
}

/**
 * Puts a copy of the fixture on the disk and its rows into the database, as if its service had been killed a moment ago, and migrates them.
 * @param empty a database in which no migration has run
 * @param rtspUrl where its camera is now
 */
export async function restorePreviousData(empty: TestDatabase, rtspUrl: string): Promise<PreviousData> {
  const database = empty.dataSource;
  await migrateAsBefore(empty.url);
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-previous-'));
  await cp(PREVIOUS_DATA, dir, { recursive: true });
  const rows = JSON.parse(await readFile(join(dir, 'rows.json'), 'utf8')) as Rows;
  await insertRows(database, rows);
  await migrate(database);
  await migrateQueue(database);
  const [open] = rows['playbacks']!.filter((row) => row['recording_status'] === 'RECORDING');
  const killedAtMs = await findKill(join(dir, 'recordings'), Date.parse(open!['started_at'] as string));
  const byMs = Date.now() - killedAtMs;
  await moveRows(database, byMs);
  await moveCaptures(join(dir, 'recordings'), byMs);
  await database.query('UPDATE cameras SET rtsp_url = $1', [rtspUrl]);
  await database.query('UPDATE recorders SET home_dir = $1', [join(dir, 'recordings')]);
  return { dir, rows };
}

async function migrateAsBefore(url: string): Promise<void> {
  const options = { ...dataSourceOptions(url), migrations: MIGRATIONS.slice(0, PREVIOUS_MIGRATIONS) };
  const earlier = await new DataSource(options).initialize();
  await migrate(earlier);
  await earlier.destroy();
}

async function insertRows(database: DataSource, rows: Rows): Promise<void> {
  await database.transaction(async (manager) => {
    // Events and playbacks refer to each other.
    await manager.query('SET LOCAL session_replication_role = replica');
    for (const table of PREVIOUS_TABLES) {
      const [first] = rows[table] ?? [];
      if (!first) continue;
      // Columns that came later have their defaults.
      const columns = Object.keys(first).join(', ');
      await manager.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(rows[table])],
      );
    }
  });
}

/** About when the service was killed: nothing in it is later than some seconds after the open recording began. */
async function findKill(recordDir: string, startedAtMs: number): Promise<number> {
  const segments = (await readdir(recordDir, { recursive: true })).filter((name) => name.endsWith('.m4s'));
  return startedAtMs + segments.length * 2_000;
}

async function moveRows(database: DataSource, byMs: number): Promise<void> {
  const columns: { table_name: string; column_name: string }[] = await database.query(
    `SELECT table_name, column_name FROM information_schema.columns
      WHERE table_name = ANY($1) AND data_type = 'timestamp with time zone'`,
    [[...PREVIOUS_TABLES]],
  );
  for (const { table_name: table, column_name: column } of columns) {
    await database.query(`UPDATE ${table} SET ${column} = ${column} + make_interval(secs => $1)`, [byMs / 1_000]);
  }
}

async function moveCaptures(recordDir: string, byMs: number): Promise<void> {
  for (const name of await readdir(recordDir, { recursive: true })) {
    if (basename(name) !== 'capture.json') continue;
    const path = join(recordDir, name);
    const meta = JSON.parse(await readFile(path, 'utf8')) as { epochMs: number; endedAtMs: number | null };
    const endedAtMs = meta.endedAtMs === null ? null : meta.endedAtMs + byMs;
    await writeFile(path, JSON.stringify({ ...meta, epochMs: meta.epochMs + byMs, endedAtMs }));
  }
}
