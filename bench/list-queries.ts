import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import type { Bench } from './support/bench.js';
import { fillPlaybacks, ROWS } from './support/million-playbacks.js';
import { percentileRows, type Row } from './support/rows.js';

const TIMES = 100;
const WARM_UP = 20;
const LIMIT_IS = 'GET /playbacks/:id, by turns with it';

interface List {
  question: string;
  path: string;
}

/** How long does a page of a million playbacks take, by each filter? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database } = await bench.startService();
  bench.say(`  inserting ${ROWS} playbacks …`);
  await fillPlaybacks(database);
  const ids = (await database.query<{ id: string }>(`SELECT id FROM playbacks TABLESAMPLE SYSTEM (1) LIMIT ${TIMES}`))
    .rows;
  const rows: Row[] = [];
  for (const { question, path } of await listsToAsk(service, database)) {
    bench.say(`  ${question} …`);
    const ours: number[] = [];
    const limit: number[] = [];
    for (let index = -WARM_UP; index < TIMES; index++) {
      const [list, lookup] = [
        await time(service, path),
        await time(service, `/playbacks/${ids[Math.abs(index) % ids.length]!.id}`),
      ];
      if (index < 0) continue;
      ours.push(list);
      limit.push(lookup);
    }
    rows.push(...percentileRows({ question, ours, limit, unit: 'ms', limitIs: LIMIT_IS }));
  }
  return rows;
}

async function listsToAsk(service: ServiceProcess, database: pg.Pool): Promise<List[]> {
  const { rows } = await database.query<{ camera: string; event: string }>(
    'SELECT camera_id AS camera, event_id AS event FROM playbacks WHERE event_id IS NOT NULL LIMIT 1',
  );
  const { camera, event } = rows[0]!;
  const hour = 'from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z';
  const { nextCursor } = await service.call<{ nextCursor: string }>('GET', '/playbacks');
  const filters: [string, string][] = [
    ['first page, no filter', ''],
    ['second page, by cursor', `cursor=${encodeURIComponent(nextCursor)}`],
    ['of one camera', `cameraId=${camera}`],
    ['FAILED only', 'recordingStatus=FAILED'],
    ['FAILED of one camera', `cameraId=${camera}&recordingStatus=FAILED`],
    ['COMPLETED of one camera', `cameraId=${camera}&recordingStatus=COMPLETED`],
    ['of one hour', hour],
    ['of one event', `eventId=${event}`],
  ];
  return filters.map(([name, query]) => ({
    question: `list of a million: ${name}`,
    path: `/playbacks?limit=50&${query}`,
  }));
}

async function time(service: ServiceProcess, path: string): Promise<number> {
  const fromMs = performance.now();
  await service.call('GET', path);
  return performance.now() - fromMs;
}
