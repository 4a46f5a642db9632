import type pg from 'pg';
import type { ServiceProcess } from '../../tools/service-process.js';
import type { Bench } from './bench.js';
import { percentileRows, type Row } from './rows.js';

const TIMES = 100;
const WARM_UP = 20;
const LIMIT_IS = 'GET /playbacks/:id, by turns with it';

/** A request for what is read from many playbacks. */
export interface Asked {
  question: string;
  path: string;
}

/** Each request by turns with the look-up of one playback: the least that an answer out of the same table can cost. */
export async function compareWithLookups(
  bench: Bench,
  service: ServiceProcess,
  database: pg.Pool,
  asked: readonly Asked[],
): Promise<Row[]> {
  const { rows: ids } = await database.query<{ id: string }>(
    `SELECT id FROM playbacks TABLESAMPLE SYSTEM (1) LIMIT ${TIMES}`,
  );
  const lookups = ids.map(({ id }) => `/playbacks/${id}`);
  return compareByTurns(bench, service, asked, { lookups, limitIs: LIMIT_IS });
}

/** Each request by turns with a look-up by primary key. */
export async function compareByTurns(
  bench: Bench,
  service: ServiceProcess,
  asked: readonly Asked[],
  { lookups, limitIs }: { lookups: readonly string[]; limitIs: string },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { question, path } of asked) {
    bench.say(`  ${question} …`);
    const ours: number[] = [];
    const limit: number[] = [];
    for (let index = -WARM_UP; index < TIMES; index++) {
      const [answer, lookup] = [
        await time(service, path),
        await time(service, lookups[Math.abs(index) % lookups.length]!),
      ];
      if (index < 0) continue;
      ours.push(answer);
      limit.push(lookup);
    }
    rows.push(...percentileRows({ question, ours, limit, unit: 'ms', limitIs }));
  }
  return rows;
}

async function time(service: ServiceProcess, path: string): Promise<number> {
  const fromMs = performance.now();
  await service.call('GET', path);
  return performance.now() - fromMs;
}
