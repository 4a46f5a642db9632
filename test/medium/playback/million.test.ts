import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../src/schema/data-source.js';
import { type PlaybackFilter, PlaybackRepository } from '../../../src/modules/playback/playback.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { QueryLog } from '../../support/query-log.js';

const ROWS = 1_000_000;
const LIMIT = 51;
/** A page is read by at most five scans, one per status; then its rows are loaded. */
const MAX_ROWS_READ = 6 * LIMIT;

/** One node of a plan of EXPLAIN (ANALYZE, FORMAT JSON). */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

let database: TestDatabase;
let watched: DataSource;
let playbacks: PlaybackRepository;
const queries = new QueryLog();

beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database.dataSource);
  watched = await new DataSource({ ...dataSourceOptions(database.url, 2), logger: queries }).initialize();
  playbacks = new PlaybackRepository(watched);
}, 120_000);

afterAll(async () => {
  await watched.destroy();
  await database.drop();
});

/**
 * A million playbacks of fifty cameras, ten to the same instant. One camera is silent for the last half. A tenth is FAILED,
 * but hardly any of the busiest camera; a handful is RECORDING. Indexes are built afterwards, which is ten times quicker.
 */
async function fill(dataSource: DataSource): Promise<void> {
  const indexes = await dataSource.query<{ indexname: string; indexdef: string }[]>(`
    SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND tablename = 'playbacks' AND indexname <> 'playbacks_pkey'`);
  for (const { indexname } of indexes) await dataSource.query(`DROP INDEX ${indexname}`);
  // It needs the primary key, and a table that is logged.
  const references = await dataSource.query<{ drop: string }[]>(`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop
      FROM pg_constraint WHERE contype = 'f' AND confrelid = 'playbacks'::regclass`);
  for (const { drop } of references) await dataSource.query(drop);
  await dataSource.query('ALTER TABLE playbacks DROP CONSTRAINT playbacks_pkey');
  await dataSource.query('ALTER TABLE playbacks SET UNLOGGED');
  await dataSource.query(
    `INSERT INTO cameras (id, name) SELECT ${uuid('c')}, 'camera ' || n FROM generate_series(0, 49) n`,
  );
  await dataSource.query(`
    INSERT INTO events (id, camera_id, type, occurred_at)
      SELECT ${uuid('e')}, ${uuid('c', 'n % 50')}, 'MOTION', '2026-01-01Z' FROM generate_series(1, 1000) n`);
  await dataSource.transaction(async (manager) => {
    // The foreign keys hold by construction; checking each of them would take longer than all the rest.
    await manager.query('SET LOCAL session_replication_role = replica');
    await manager.query(`
      INSERT INTO playbacks (id, camera_id, event_id, recording_status, created_at)
        SELECT gen_random_uuid(),
               ${uuid('c', `CASE WHEN n > ${ROWS / 2} AND n % 50 = 0 THEN 1 ELSE n % 50 END`)},
               CASE WHEN n % 1000 = 0 THEN ${uuid('e', 'n / 1000')} END,
               CASE WHEN n > ${ROWS - 5} THEN 'RECORDING'
                    WHEN n % 50 = 1 THEN CASE WHEN n % 100000 = 1 THEN 'FAILED' ELSE 'COMPLETED' END
                    WHEN n / 50 % 10 = 0 THEN 'FAILED' ELSE 'COMPLETED' END,
               ${instant('n')}
          FROM generate_series(1, ${ROWS}) n`);
  });
  await dataSource.query('ALTER TABLE playbacks ADD CONSTRAINT playbacks_pkey PRIMARY KEY (id)');
  for (const { indexdef } of indexes) await dataSource.query(indexdef);
  await dataSource.query('UPDATE events SET playback_id = p.id FROM playbacks p WHERE p.event_id = events.id');
  await dataSource.query('VACUUM (ANALYZE) playbacks');
  await dataSource.query('ANALYZE cameras, events');
}

function uuid(kind: string, n = 'n'): string {
  return `md5('${kind}' || (${n}))::uuid`;
}

function instant(n: number | string): string {
  return `'2026-01-01Z'::timestamptz + (${n} / 10) * interval '1 second'`;
}

async function idOf(kind: string, n: number): Promise<string> {
  const [row] = await database.dataSource.query<{ id: string }[]>(`SELECT ${uuid(kind, String(n))} AS id`);
  return row?.id ?? '';
}

/** Runs `read` and returns the plans, as executed, of the statements that it sent. */
async function plansOf(read: () => Promise<unknown>): Promise<PlanNode[]> {
  queries.take();
  await read();
  const plans: PlanNode[] = [];
  for (const { sql, parameters } of queries.take()) {
    const [row] = await database.dataSource.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    if (plan) plans.push(plan);
  }
  return plans;
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Rows that a node looked at, kept or not. */
function rowsRead(node: PlanNode): number {
  const each = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'] as const;
  return each.reduce((sum, key) => sum + (node[key] ?? 0), 0) * (node['Actual Loops'] ?? 0);
}

describe('a list over a million playbacks', () => {
  it('reads a page by index, in order, whatever the filters', async () => {
    const scattered = await filters();
    const middle = { at: new Date(Date.UTC(2026, 0, 1) + 50_000_000), id: await idOf('p', 1) };
    for (const filter of scattered) {
      for (const after of [undefined, middle]) {
        const plans = await plansOf(() => playbacks.findPage(filter, { limit: LIMIT, after }));
        expect(plans).toHaveLength(1);
        const nodes = plans.flatMap(nodesOf);
        const what = JSON.stringify({ filter, after });
        expect([what, nodes.filter(isTableScan).map((node) => node['Relation Name'])]).toEqual([what, []]);
        const sorted = nodes.filter((node) => node['Node Type'].includes('Sort')).flatMap((node) => node.Plans ?? []);
        const read = nodes.filter((node) => node['Relation Name'] === 'playbacks');
        expect([what, Math.max(0, ...sorted.map(rowsRead)) <= 5 * LIMIT]).toEqual([what, true]);
        expect([what, read.length > 0, sum(read.map(rowsRead)) <= MAX_ROWS_READ]).toEqual([what, true, true]);
      }
    }
  }, 60_000);

  it('gives the same pages as sorting everything would', async () => {
    const cameraId = await idOf('c', 0);
    const filter: PlaybackFilter = { cameraId, statuses: ['FAILED', 'COMPLETED'], to: new Date(Date.UTC(2026, 0, 2)) };
    const first = await playbacks.findPage(filter, { limit: 40 });
    const last = first.at(-1)!;
    const second = await playbacks.findPage(filter, { limit: 40, after: { at: last.createdAt, id: last.id } });
    const truth = await database.dataSource.query<{ id: string }[]>(
      `SELECT id FROM playbacks WHERE camera_id = $1 AND recording_status IN ('FAILED', 'COMPLETED') AND created_at < '2026-01-02Z'
        ORDER BY created_at DESC, id DESC LIMIT 80`,
      [cameraId],
    );
    expect([...first, ...second].map(({ id }) => id)).toEqual(truth.map(({ id }) => id));
  });

  it('counts exactly, without touching the table', async () => {
    expect(await playbacks.count({})).toBe(ROWS);
    expect(await playbacks.count({ statuses: ['RECORDING'] })).toBe(5);
    for (const filter of [{}, { statuses: ['COMPLETED' as const] }, { cameraId: await idOf('c', 1) }]) {
      const [plan] = await plansOf(() => playbacks.count(filter));
      expect(nodesOf(plan!).filter(isTableScan)).toEqual([]);
    }
  });
});

/** Every combination of what can be asked, each with common, rare and absent values. */
async function filters(): Promise<PlaybackFilter[]> {
  const [busy, silent] = [await idOf('c', 1), await idOf('c', 0)];
  const statuses: PlaybackFilter['statuses'][] = [
    undefined,
    ['COMPLETED'],
    ['RECORDING'],
    ['PENDING'],
    ['FAILED'],
    ['FAILED', 'COMPLETED'],
    ['PENDING', 'RECORDING', 'PROCESSING', 'FAILED'],
  ];
  const spans = [{}, { from: new Date(Date.UTC(2026, 0, 1, 10)), to: new Date(Date.UTC(2026, 0, 1, 20)) }];
  const whose = [{}, { cameraId: busy }, { cameraId: silent }, { eventId: await idOf('e', 500) }];
  return [...whose, { cameraId: busy, eventId: await idOf('e', 1) }].flatMap((who) =>
    statuses.flatMap((status) => spans.map((span) => ({ ...who, ...span, statuses: status }))),
  );
}

/** The cameras are few: reading them all is what the planner should do. */
function isTableScan(node: PlanNode): boolean {
  return node['Node Type'].endsWith('Seq Scan') && node['Relation Name'] !== 'cameras';
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
