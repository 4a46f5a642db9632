import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSource, type Logger } from 'typeorm';
import { clip, holesIn, showFootage, type Piece } from '../../../src/modules/archive/domain/coverage.js';
import { FootageIndexRepository } from '../../../src/modules/archive/footage-index.repository.js';
import type { Span } from '../../../src/schema/ledger.js';
import { dataSourceOptions } from '../../../src/schema/data-source.js';
import { FootageCapture } from '../../../src/schema/footage.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertCapture, insertSegments, type MadeSegment } from '../../support/footage-rows.js';

const T = Date.UTC(2026, 9, 25);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let database: TestDatabase;
let index: FootageIndexRepository;
let cameraId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  index = new FootageIndexRepository(database.dataSource);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  cameraId = await insertCamera();
});

async function insertCamera(): Promise<string> {
  const [{ id }] = await database.dataSource.query<[{ id: string }]>(
    `INSERT INTO cameras (name) VALUES ('yard') RETURNING id`,
  );
  return id;
}

const minutes = (count: number, fromMs = T, fields: Partial<MadeSegment> = {}): MadeSegment[] =>
  Array.from({ length: count }, (_, at) => ({
    ...fields,
    number: at + 1,
    startMs: fromMs + at * 60_000,
    endMs: fromMs + (at + 1) * 60_000,
  }));

/** What is shown of a range, and how it is laid out, without what single segments add. */
function shownIn(pieces: Piece[], range: Span) {
  const shown = clip(showFootage(pieces), range);
  return { holes: holesIn(shown, range), ms: shown.reduce((sum, each) => sum + each.shownToMs - each.shownFromMs, 0) };
}

describe('segments of a range', () => {
  it('are those that overlap it, half-open, to the millisecond', async () => {
    const capture = await insertCapture(database.dataSource, cameraId);
    await insertSegments(database.dataSource, capture, minutes(3));
    const numbersIn = async (startMs: number, endMs: number) =>
      (await index.findSegments(cameraId, { startMs: T + startMs, endMs: T + endMs })).map(({ number }) => number);
    expect(await numbersIn(0, 180_000)).toEqual([1, 2, 3]);
    expect(await numbersIn(59_999, 60_000)).toEqual([1]);
    expect(await numbersIn(60_000, 60_001)).toEqual([2]);
    expect(await numbersIn(59_999, 60_001)).toEqual([1, 2]);
    expect(await numbersIn(180_000, 240_000)).toEqual([]);
    expect(await numbersIn(-60_000, 0)).toEqual([]);
    expect(await index.findSegments(await insertCamera(), { startMs: T, endMs: T + DAY_MS })).toEqual([]);
  });

  it('come in pages that miss none and repeat none, where captures overlap too', async () => {
    for (let capture = 0; capture < 3; capture += 1) {
      await insertSegments(database.dataSource, await insertCapture(database.dataSource, cameraId), minutes(7));
    }
    const range = { startMs: T + 30_000, endMs: T + 6.5 * 60_000 };
    const all = await index.findSegments(cameraId, range);
    expect(all).toHaveLength(21);
    const paged: typeof all = [];
    for (;;) {
      const after = paged.at(-1) ?? null;
      const page = await index.findSegments(cameraId, range, { after, limit: 4 });
      paged.push(...page);
      if (page.length < 4) break;
    }
    expect(paged).toEqual(all);
  });

  it('say where their object and its groups of pictures lie', async () => {
    const capture = await insertCapture(database.dataSource, cameraId, { initBytes: 900 });
    await insertSegments(database.dataSource, capture, [{ startMs: T, endMs: T + 2_500 }]);
    const [segment] = await index.findSegments(cameraId, { startMs: T, endMs: T + 1 });
    expect(segment!.key).toBe(`footage/${cameraId}/20261025/${T}-2500-${capture.captureKey}-1.mp4`);
    expect(segment!.gops.map(({ offset, durationMs }) => [offset, durationMs])).toEqual([
      [1_156, 1_000],
      [11_156, 1_000],
      [21_156, 500],
    ]);
    expect(await index.findByNumber(cameraId, capture.captureKey, 1)).toEqual(segment);
    expect(await index.findByNumber(await insertCamera(), capture.captureKey, 1)).toBeNull();
  });
});

describe('runs of a range', () => {
  it('join what goes on, and end where the state, the place, the number or the time does not', async () => {
    const capture = await insertCapture(database.dataSource, cameraId);
    const nodeId = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    const all = minutes(12);
    all[4]!.state = 'local';
    all[4]!.nodeId = nodeId;
    all[6]!.trashedAt = new Date();
    for (const later of all.slice(9)) later.number! += 1;
    all[11]!.startMs += 500;
    await insertSegments(database.dataSource, capture, all);
    const runs = await index.findRuns(cameraId, { startMs: T, endMs: T + HOUR_MS });
    expect(
      runs.map(({ firstNumber, lastNumber, state, absence }) => [firstNumber, lastNumber, state, absence]),
    ).toEqual([
      [1, 4, 'stored', null],
      [5, 5, 'local', null],
      [6, 6, 'stored', null],
      [7, 7, 'stored', 'trashed'],
      [8, 9, 'stored', null],
      [11, 12, 'stored', null],
      [13, 13, 'stored', null],
    ]);
    expect(runs[0]).toMatchObject({
      startMs: T,
      endMs: T + 240_000,
      sizeBytes: 4_000_000,
      firstStepMs: 40,
      nodeId: null,
    });
    expect(runs[1]!.nodeId).toBe(nodeId);
  });

  it('count of a segment that goes over an edge the share that lies inside', async () => {
    const capture = await insertCapture(database.dataSource, cameraId);
    await insertSegments(database.dataSource, capture, minutes(3));
    const range = { startMs: T + 45_000, endMs: T + 150_000 };
    const [run] = await index.findRuns(cameraId, range);
    expect(run!.sizeBytes).toBe(250_000 + 1_000_000 + 500_000);
    expect(await index.sumBytes(cameraId, [range, { startMs: T - 1, endMs: T }])).toEqual([1_750_000, 0]);
  });

  it('show the same as their segments one by one, whatever lies between and beside them', async () => {
    const part = fc.record({
      lengthMs: fc.integer({ min: 1, max: 90_000 }),
      holeMs: fc.oneof(fc.integer({ min: -30, max: 130 }), fc.integer({ min: 0, max: 20_000 })),
      frames: fc.integer({ min: 1, max: 2_000 }),
      skipped: fc.constantFrom(0, 0, 0, 1),
    });
    const captures = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 300_000 }), parts: fc.array(part, { maxLength: 12 }) }),
      {
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        captures,
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 1, max: 500_000 }),
        async (all, fromMs, lengthMs) => {
          const id = await insertCamera();
          for (const { atMs, parts } of all) {
            let [startMs, number] = [T + atMs, 0];
            const segments = parts.map(({ lengthMs: ms, holeMs, frames, skipped }) => {
              number += 1 + skipped;
              const segment = { startMs, endMs: startMs + ms, number, frames };
              startMs += Math.max(1, ms + holeMs);
              return segment;
            });
            await insertSegments(database.dataSource, await insertCapture(database.dataSource, id), segments);
          }
          const range = { startMs: T + fromMs, endMs: T + fromMs + lengthMs };
          const around = { startMs: range.startMs - 10_000, endMs: range.endMs + 10_000 };
          const bySegment = shownIn(await index.findSegments(id, around), range);
          expect(shownIn(await index.findRuns(id, range), range)).toEqual(bySegment);
          // And the same as of all that there is: what lies further away changes nothing.
          const everything = await index.findSegments(id, { startMs: T - DAY_MS, endMs: T + DAY_MS });
          expect(shownIn(everything, range)).toEqual(bySegment);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a month of a camera among others', () => {
  const CAMERAS = 5;
  const DAYS = 10;
  const PER_DAY = 1_440;
  let watched: DataSource;
  let statements: { sql: string; parameters: unknown[] }[] = [];
  let busy: string;

  /** Ten days of five cameras, without a break; the tables as they are once PostgreSQL has looked after them. */
  beforeAll(async () => {
    const { dataSource } = database;
    const ids = await Promise.all(Array.from({ length: CAMERAS }, insertCamera));
    busy = ids[2]!;
    for (const id of ids) {
      const capture = await insertCapture(dataSource, id);
      await dataSource.query(
        `INSERT INTO footage_segments (camera_id, start_at, end_at, capture_id, number, size_bytes, tail_bytes, frames, state, md5, gops)
           SELECT $1, $2::timestamptz + n * interval '1 minute', $2::timestamptz + (n + 1) * interval '1 minute', $3, n + 1,
                  30000000, 20000, 1500, 'stored', '\\x00112233445566778899aabbccddeeff', decode(repeat('904ee807', 60), 'hex')
             FROM generate_series(0, ${DAYS * PER_DAY - 1}) n`,
        [id, new Date(T), capture.id],
      );
    }
    await dataSource.query('VACUUM (ANALYZE) footage_segments');
    const logger = { logQuery: (sql: string, parameters: unknown[] = []) => statements.push({ sql, parameters }) };
    const options = { ...dataSourceOptions(database.url, 2), logging: ['query'], logger: logger as unknown as Logger };
    watched = await new DataSource(options as never).initialize();
  });
  afterAll(() => watched?.destroy());

  interface PlanNode {
    'Node Type': string;
    'Relation Name'?: string;
    'Index Name'?: string;
    'Actual Rows'?: number;
    'Actual Loops'?: number;
    'Rows Removed by Filter'?: number;
    Plans?: PlanNode[];
  }

  /** How the one statement that `read` sends reads the segments: by which indexes, and how many rows. */
  async function readersIn(read: (watchedIndex: FootageIndexRepository) => Promise<unknown>) {
    statements = [];
    await read(new FootageIndexRepository(watched));
    expect(statements).toHaveLength(1);
    const [row] = await database.dataSource.query<[{ 'QUERY PLAN': [{ Plan: PlanNode }] }]>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${statements[0]!.sql}`,
      statements[0]!.parameters,
    );
    const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
    const readers = nodesOf(row['QUERY PLAN'][0].Plan).filter((node) => node['Relation Name'] === 'footage_segments');
    const rows = readers.reduce(
      (sum, node) =>
        sum + ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0),
      0,
    );
    return { types: readers.map((node) => node['Node Type']), rows };
  }

  it('a day of segments costs the rows of that day, and of the hour before it', async () => {
    const day = { startMs: T + 5 * DAY_MS, endMs: T + 6 * DAY_MS };
    const { types, rows } = await readersIn((watchedIndex) => watchedIndex.findSegments(busy, day));
    expect(types.join()).not.toMatch(/Seq/);
    expect(rows).toBeLessThanOrEqual(PER_DAY + 61);
  });

  it('a page costs its rows, wherever it begins', async () => {
    const week = { startMs: T + DAY_MS, endMs: T + 8 * DAY_MS };
    const capture = await database.dataSource.manager.findOneByOrFail(FootageCapture, { cameraId: busy });
    const after = { startMs: T + 5 * DAY_MS, captureKey: capture.captureKey };
    const { types, rows } = await readersIn((watchedIndex) =>
      watchedIndex.findSegments(busy, week, { after, limit: 50 }),
    );
    expect(types.join()).not.toMatch(/Seq/);
    expect(rows).toBeLessThan(60);
  });

  it('the runs of a week cost the rows of that week, and come out as one', async () => {
    const week = { startMs: T + DAY_MS, endMs: T + 8 * DAY_MS };
    const { types, rows } = await readersIn((watchedIndex) => watchedIndex.findRuns(busy, week));
    expect(types.join()).not.toMatch(/Seq/);
    expect(rows).toBeLessThanOrEqual(7 * PER_DAY + 62);
    expect(await index.findRuns(busy, week)).toHaveLength(1);
  });

  it('days with footage cost a row each, however many segments they hold', async () => {
    const days = Array.from({ length: DAYS + 20 }, (_, at) => ({
      startMs: T + (at - 10) * DAY_MS,
      endMs: T + (at - 9) * DAY_MS,
    }));
    const { types, rows } = await readersIn((watchedIndex) => watchedIndex.findDays(busy, days));
    expect(types.join()).not.toMatch(/Seq/);
    expect(rows).toBeLessThanOrEqual(DAYS * 61 + 61);
    expect((await index.findDays(busy, days)).filter(({ hasFootage }) => hasFootage)).toHaveLength(DAYS);
  });
});
