import type { Bench } from './support/bench.js';
import { compareWithLookups } from './support/lookups.js';
import { fillPlaybacks, ROWS } from './support/million-playbacks.js';
import type { Row } from './support/rows.js';

const YEAR_MS = 365 * 86_400_000;
const MONTH = 'from=2026-03-01&to=2026-04-01&timeZone=Europe/Berlin';
const YEAR = 'from=2026-01-01&to=2027-01-01&timeZone=Europe/Berlin';

/** How long do the sums over a month take, among a million playbacks of a year? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database } = await bench.startService();
  bench.say(`  inserting ${ROWS} playbacks of a year …`);
  await fillPlaybacks(database, { everyMs: YEAR_MS / ROWS });
  const { rows } = await database.query<{ id: string }>('SELECT id FROM cameras LIMIT 1');
  const asked = [
    ['a month of one camera, by day', `${MONTH}&cameraId=${rows[0]!.id}`],
    ['a month of all cameras, by day', MONTH],
    ['a month of all cameras, by camera', `${MONTH}&groupBy=camera`],
    ['a month of all cameras, by both', `${MONTH}&groupBy=camera,day`],
    ['the whole year of all cameras, by day', YEAR],
  ] as const;
  const of = ([what, query]: readonly [string, string]) => ({
    question: `statistics of a million: ${what}`,
    path: `/statistics?${query}`,
  });
  return compareWithLookups(bench, service, database, asked.map(of));
}
