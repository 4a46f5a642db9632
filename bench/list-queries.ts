import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import type { Bench } from './support/bench.js';
import { type Asked, compareWithLookups } from './support/lookups.js';
import { fillPlaybacks, ROWS } from './support/million-playbacks.js';
import type { Row } from './support/rows.js';

/** How long does a page of a million playbacks take, by each filter? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database } = await bench.startService();
  bench.say(`  inserting ${ROWS} playbacks …`);
  await fillPlaybacks(database);
  return compareWithLookups(bench, service, database, await listsToAsk(service, database));
}

async function listsToAsk(service: ServiceProcess, database: pg.Pool): Promise<Asked[]> {
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
