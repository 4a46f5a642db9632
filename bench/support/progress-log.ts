import type pg from 'pg';
import { DataSource } from 'typeorm';
import { ProgressRepository, type ProgressRow } from '../../src/modules/catalogue/progress.repository.js';
import { dataSourceOptions } from '../../src/schema/data-source.js';
import { type Row, toRow } from './rows.js';

const RECORDINGS = 100;
const SAVES = 50;

/** Bytes of the database's log for each row of progress, beside an UPDATE of a row that holds its key and one number. */
export async function progressLog(database: pg.Pool, databaseUrl: string): Promise<Row[]> {
  const ids = await insertOpen(database);
  const source = await new DataSource(dataSourceOptions(databaseUrl, 1)).initialize();
  try {
    const progress = new ProgressRepository(source);
    const ours = await measure(database, (save) => progress.save(ids.map((id) => rowOf(id, save))));
    await database.query('CREATE TABLE least (id UUID PRIMARY KEY, n BIGINT) WITH (fillfactor = 50)');
    await database.query('INSERT INTO least SELECT unnest($1::uuid[]), 0', [ids]);
    const limit = await measure(database, async (save) => {
      await database.query('UPDATE least SET n = $2 FROM unnest($1::uuid[]) AS v (id) WHERE least.id = v.id', [
        ids,
        save,
      ]);
    });
    return [
      toRow({
        question: `progress of ${RECORDINGS} recordings: log of the database for each row`,
        ...{ ours: ours / RECORDINGS, limit: limit / RECORDINGS, unit: 'bytes', n: SAVES },
        limitIs: 'an UPDATE of as many rows of two columns',
      }),
    ];
  } finally {
    await source.destroy();
  }
}

async function insertOpen(database: pg.Pool): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO playbacks (camera_id, recording_status, range_start_at)
       SELECT id, 'RECORDING', now() FROM cameras LIMIT $1 RETURNING id`,
    [RECORDINGS],
  );
  return rows.map(({ id }) => id);
}

function rowOf(playbackId: string, save: number): ProgressRow {
  const [durationMs, bytes] = [2_000 * (save + 1), 250_000 * (save + 1)];
  const upload = { safeBytes: 0, pendingBytes: bytes, atRiskBytes: bytes };
  return {
    playbackId,
    bytes,
    durationMs,
    frames: 50 * (save + 1),
    fps: 25 + save / 1_000,
    bitrateKbps: 1_000 + save,
    upload,
  };
}

/** Bytes of one save. The first ones are not counted: after a checkpoint, each page is written to the log whole once. */
async function measure(database: pg.Pool, save: (index: number) => Promise<void>): Promise<number> {
  await save(0);
  await database.query('CHECKPOINT');
  for (const index of [1, 2]) await save(index);
  const from = await readPosition(database);
  for (let index = 3; index < SAVES + 3; index += 1) await save(index);
  return ((await readPosition(database)) - from) / SAVES;
}

async function readPosition(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes`,
  );
  return Number(rows[0]!.bytes);
}
