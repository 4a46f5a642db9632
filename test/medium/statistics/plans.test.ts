import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { localDays } from '../../../src/common/local-days.js';
import { type StatisticsFilter, StatisticsRepository } from '../../../src/modules/statistics/statistics.repository.js';
import { dataSourceOptions } from '../../../src/schema/data-source.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { QueryLog } from '../../support/query-log.js';

const ROWS = 40_000;
const YEAR_SEC = 365 * 86_400;
const CAMERAS = 40;
const WITH_GAPS = 10;

/** One node of a plan of EXPLAIN (ANALYZE, FORMAT JSON). */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

let database: TestDatabase;
let watched: DataSource;
let cameraId: string;
const queries = new QueryLog();
const statistics = new StatisticsRepository();
const days = localDays('2026-03-01', '2026-04-01', 'Europe/Berlin');
const month = [{ date: null, startMs: days[0]!.startMs, endMs: days.at(-1)!.endMs }];

/** A year of recordings of forty cameras, one in ten with a gap; tables as they are once PostgreSQL has looked after them. */
beforeAll(async () => {
  database = await createTestDatabase();
  const { dataSource } = database;
  await dataSource.query(`INSERT INTO cameras (name) SELECT 'camera ' || n FROM generate_series(1, ${CAMERAS}) n`);
  await dataSource.query(
    `INSERT INTO playbacks (camera_id, recording_status, range_start_at, stored_ms, file_size_bytes, gaps)
       SELECT cameras.ids[1 + n % ${CAMERAS}], CASE WHEN n % 100 = 0 THEN 'FAILED' ELSE 'COMPLETED' END,
              '2026-01-01Z'::timestamptz + n * interval '${YEAR_SEC / ROWS} seconds', 20000, 1000000,
              CASE WHEN n / ${CAMERAS} % ${WITH_GAPS} = 0 THEN $1::jsonb ELSE '[]' END
         FROM generate_series(0, ${ROWS - 1}) n, (SELECT array_agg(id) AS ids FROM cameras) cameras`,
    [JSON.stringify([{ startAt: '2026-01-01T00:00:00Z', endAt: '2026-01-01T00:00:02Z', cause: 'camera_starting' }])],
  );
  await dataSource.query('VACUUM (ANALYZE) playbacks');
  await dataSource.query('ANALYZE cameras');
  [{ id: cameraId }] = await dataSource.query<[{ id: string }]>('SELECT id FROM cameras LIMIT 1');
  watched = await new DataSource({ ...dataSourceOptions(database.url, 2), logger: queries }).initialize();
});

afterAll(async () => {
  await watched?.destroy();
  await database?.drop();
});

/** What reads playbacks, or an index of them, in the one statement that `read` sends, as it was executed. */
async function readersIn(read: () => Promise<unknown>): Promise<PlanNode[]> {
  queries.take();
  await read();
  const statements = queries.take();
  const [statement] = statements;
  expect(statements).toHaveLength(1);
  const [row] = await database.dataSource.query<[{ 'QUERY PLAN': [{ Plan: PlanNode }] }]>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${statement!.sql}`,
    statement!.parameters,
  );
  const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
  return nodesOf(row['QUERY PLAN'][0].Plan).filter(
    (node) => node['Relation Name'] === 'playbacks' || node['Index Name']?.includes('playbacks'),
  );
}

/** Rows that a node looked at, kept or not. */
function rowsRead(node: PlanNode): number {
  const each = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'] as const;
  return each.reduce((sum, key) => sum + (node[key] ?? 0), 0) * (node['Actual Loops'] ?? 0);
}

describe('statistics of a month in a year of recordings', () => {
  const cases = [
    ['of one camera, by day', () => ({ spans: days, byCamera: false, cameraIds: [cameraId] }), 1],
    ['of all cameras, by day', () => ({ spans: days, byCamera: false }), CAMERAS],
    ['of all cameras, by camera', () => ({ spans: month, byCamera: true }), CAMERAS],
    ['of all cameras, by both', () => ({ spans: days, byCamera: true }), CAMERAS],
  ] as [string, () => StatisticsFilter, number][];

  it.each(cases)(
    '%s: are counted from an index alone, and from no more of it than the month',
    async (...[, of, cameras]) => {
      const readers = await readersIn(() => statistics.count(watched.manager, of(), 20_000));
      expect(readers.map((node) => [node['Node Type'], node['Index Name']])).toEqual([
        ['Index Only Scan', 'idx_playbacks_camera_range'],
      ]);
      // What a plan says of a loop is rounded.
      expect(rowsRead(readers[0]!)).toBeLessThan(((ROWS / 12) * 1.1 * cameras) / CAMERAS);
      expect(rowsRead(readers[0]!)).toBeGreaterThan(((ROWS / 12) * 0.9 * cameras) / CAMERAS);
    },
  );

  it.each(cases)('%s: find the gaps without a look at recordings that have none', async (...[, of, cameras]) => {
    const readers = await readersIn(() => statistics.sumGaps(watched.manager, of()));
    expect(new Set(readers.map((node) => node['Index Name'] ?? 'idx_playbacks_gaps'))).toEqual(
      new Set(['idx_playbacks_gaps']),
    );
    expect(readers.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
    const read = Math.max(...readers.map(rowsRead));
    expect(read).toBeLessThan((((ROWS / 12) * 1.3) / WITH_GAPS / CAMERAS) * cameras);
    expect(read).toBeGreaterThan((((ROWS / 12) * 0.7) / WITH_GAPS / CAMERAS) * cameras);
  });

  it('are the same as by a plain sum over the rows', async () => {
    const counts = await statistics.count(watched.manager, { spans: days, byCamera: false }, 400);
    const gaps = await statistics.sumGaps(watched.manager, { spans: days, byCamera: false });
    const [truth] = await database.dataSource.query<[{ recordings: number; failed: number; gaps: number }]>(
      `SELECT count(*)::int AS recordings, count(*) FILTER (WHERE recording_status = 'FAILED')::int AS failed,
              sum(jsonb_array_length(gaps))::int AS gaps
         FROM playbacks WHERE range_start_at >= $1 AND range_start_at < $2`,
      [new Date(days[0]!.startMs), new Date(days.at(-1)!.endMs)],
    );
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect({
      recordings: sum(counts.map(({ recordings }) => recordings)),
      failed: sum(counts.map(({ failed }) => failed)),
      gaps: sum(gaps.map(({ count }) => count)),
    }).toEqual(truth);
    expect(counts.map(({ date }) => date)).toEqual(days.map(({ date }) => date));
    expect(sum(gaps.map(({ ms }) => ms))).toBe(truth.gaps * 2_000);
  });
});
