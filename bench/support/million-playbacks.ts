import type pg from 'pg';

export const ROWS = 1_000_000;
const CAMERAS = 50;
const EVENTS = 10_000;

/**
 * Finished playbacks, one each `everyMs` from 2026-01-01 on, of fifty cameras; one in 5,000 FAILED, one in a hundred with its event, one
 * in ten of each camera with a gap. Indexes are built afterwards, which is ten times quicker.
 */
export async function fillPlaybacks(database: pg.Pool, { everyMs = 100 } = {}): Promise<void> {
  const instant = (n: string) => `'2026-01-01Z'::timestamptz + (${n}) * interval '${everyMs} milliseconds'`;
  const hasGap = `n / ${CAMERAS} % 10 = 0`;
  const { rows: indexes } = await database.query<{ name: string; definition: string }>(`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE schemaname = 'public' AND tablename = 'playbacks' AND indexname <> 'playbacks_pkey'`);
  for (const { name } of indexes) await database.query(`DROP INDEX ${name}`);
  await database.query(`INSERT INTO cameras (name) SELECT 'camera ' || n FROM generate_series(1, ${CAMERAS}) n`);
  await database.query(`
    INSERT INTO events (camera_id, type, occurred_at)
      SELECT cameras.ids[1 + n % ${CAMERAS}], 'MOTION', ${instant('n * 100')}
        FROM generate_series(1, ${EVENTS}) n, (SELECT array_agg(id) AS ids FROM cameras) cameras`);
  // The foreign keys hold by construction; checking each of them would take longer than all the rest.
  await database.query(`
    BEGIN;
    SET LOCAL session_replication_role = replica;
    INSERT INTO playbacks (camera_id, event_id, recording_status, created_at, started_at, ended_at,
                           range_start_at, range_end_at, expected_ms, stored_ms, gaps,
                           duration_sec, file_size_bytes, codec, resolution, video_url)
      SELECT cameras.ids[1 + n % ${CAMERAS}], CASE WHEN n % 100 = 0 THEN events.ids[n / 100] END,
             CASE WHEN n % 5000 = 0 THEN 'FAILED' ELSE 'COMPLETED' END,
             ${instant('n')}, ${instant('n')}, ${instant('n')} + interval '20 seconds',
             ${instant('n')}, ${instant('n')} + interval '20 seconds', 20000,
             CASE WHEN ${hasGap} THEN 18000 ELSE 20000 END, CASE WHEN ${hasGap} THEN ${gap(instant('n'))} ELSE '[]' END,
             20, 10000000, 'h264', '1920x1080', 'http://127.0.0.1/playbacks/' || n || '/video'
        FROM generate_series(1, ${ROWS}) n,
             (SELECT array_agg(id) AS ids FROM cameras) cameras, (SELECT array_agg(id) AS ids FROM events) events;
    COMMIT`);
  for (const { definition } of indexes) await database.query(definition);
  await database.query('VACUUM (ANALYZE) playbacks');
  await database.query('ANALYZE cameras, events');
}

/** The time until a cold camera gave its first picture, as the ledger has it. */
function gap(startAt: string): string {
  const iso = (instant: string) => `to_char((${instant}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return `jsonb_build_array(jsonb_build_object(
    'startAt', ${iso(startAt)}, 'endAt', ${iso(`${startAt} + interval '2 seconds'`)}, 'cause', 'camera_starting'))`;
}
