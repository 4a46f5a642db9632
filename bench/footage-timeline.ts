import type pg from 'pg';
import type { Bench } from './support/bench.js';
import { compareByTurns } from './support/lookups.js';
import type { Row } from './support/rows.js';

const CAMERAS = 50;
const DAYS = 30;
const PER_DAY = 1_440;
const MONTH = 'from=2026-03-01T00:00:00Z&to=2026-03-31T00:00:00Z';
const DAY = 'from=2026-03-15T00:00:00Z&to=2026-03-16T00:00:00Z';
const DATES = 'from=2026-03-01&to=2026-04-01&timeZone=Europe/Berlin';

/** How long do days, spans and playlists take, among 2.16 million segments of fifty cameras in thirty days? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database } = await bench.startService();
  bench.say(`  inserting ${CAMERAS * DAYS * PER_DAY} segments …`);
  await fill(database);
  const { rows } = await database.query<{ id: string }>('SELECT id FROM cameras ORDER BY id');
  const of = rows[CAMERAS / 2]!.id;
  const asked = [
    ['spans of 24 hours', `spans?${DAY}`],
    ['spans of 30 days', `spans?${MONTH}`],
    ['the days of a month', `days?${DATES}`],
    ['the days of a month, with sums', `days?${DATES}&detail=true`],
    ['a page of segments', `segments?${MONTH}`],
    ['the playlist of an hour', 'playlist.m3u8?from=2026-03-15T00:00:00Z&to=2026-03-15T01:00:00Z'],
    ['the playlist of 24 hours', `playlist.m3u8?${DAY}`],
  ] as const;
  return compareByTurns(
    bench,
    service,
    asked.map(([what, path]) => ({
      question: `2.16 million segments: ${what}`,
      path: `/cameras/${of}/footage/${path}`,
    })),
    { lookups: rows.map(({ id }) => `/cameras/${id}`), limitIs: 'GET /cameras/:id, by turns with it' },
  );
}

/** A minute each, with a key frame a second; one capture a day, with a gap of a minute between them. Nothing checks what holds by construction. */
async function fill(database: pg.Pool): Promise<void> {
  await database.query(`INSERT INTO cameras (name) SELECT 'camera ' || n FROM generate_series(1, ${CAMERAS}) n`);
  await database.query(`
    INSERT INTO footage_captures (camera_id, capture_key, config_digest, init_bytes)
      SELECT id, '1772323200' || lpad(day::text, 3, '0') || '-' || left(replace(id::text, '-', ''), 8), 'one', 1200
        FROM cameras, generate_series(0, ${DAYS - 1}) day`);
  await database.query(`
    BEGIN;
    SET LOCAL session_replication_role = replica;
    INSERT INTO footage_segments (camera_id, start_at, end_at, capture_id, number, size_bytes, tail_bytes, frames, state, md5, gops)
      SELECT capture.camera_id, at, at + CASE WHEN minute = ${PER_DAY - 1} THEN interval '1 second' ELSE interval '1 minute' END,
             capture.id, minute + 1, 30000000, 22000, 1500, 'stored', decode(md5(minute::text), 'hex'), gops.bytes
        FROM footage_captures capture,
             generate_series(0, ${PER_DAY - 1}) minute,
             LATERAL (SELECT '2026-03-01Z'::timestamptz + substr(capture.capture_key, 11, 3)::int * interval '1 day' + minute * interval '1 minute' AS at) t,
             (SELECT decode(repeat('a0c21ee807', 60), 'hex') AS bytes) gops;
    COMMIT`);
  await database.query('VACUUM (ANALYZE) footage_segments');
  await database.query('ANALYZE cameras, footage_captures');
}
