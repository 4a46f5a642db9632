import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import type { Bench } from './support/bench.js';
import { addCameras, trigger, waitForStatus } from './support/recordings.js';
import { percentileRows, type Row } from './support/rows.js';

const CAMERAS = 50;
const TRIGGERS = 200;
/** Between two triggers, so that each meets the service at its usual work and not at the one before. */
const PAUSE_MS = 30;
const LIMIT_IS =
  'GET /health/live and a transaction that inserts one row, one after the other, right after each trigger';

/** How long does a sender wait for its 201: fifty triggers at the same moment, and one at a time while fifty cameras are recorded? */
export async function run(bench: Bench): Promise<Row[]> {
  const cameras = await bench.startCameras(CAMERAS);
  const { service, database } = await bench.startService();
  const cameraIds = await addCameras(service, cameras.infos);
  await database.query('CREATE TABLE bench_floor (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), data jsonb NOT NULL)');
  await warmUp(service, database);

  const atOnceLimit = await Promise.all(cameraIds.map(() => timeFloor(service, database)));
  bench.say(`  ${CAMERAS} triggers at once …`);
  const recordings = await Promise.all(cameraIds.map((id) => trigger(service, id)));
  const atOnce = recordings.map(({ answerMs }) => answerMs);
  await waitForStatus(database, recordings, 'RECORDING');
  await delay(2_000); // the start of fifty FFmpegs is over

  bench.say(`  ${TRIGGERS} triggers, one at a time …`);
  const ours: number[] = [];
  const limit: number[] = [];
  for (let index = 0; index < TRIGGERS; index++) {
    ours.push((await trigger(service, cameraIds[index % CAMERAS]!)).answerMs);
    limit.push(await timeFloor(service, database));
    await delay(PAUSE_MS);
  }
  const half = TRIGGERS / 2;
  const atOnceLimitIs = `GET /health/live and a transaction that inserts one row, ${CAMERAS} pairs at once`;
  return [
    ...percentileRows({
      question: '50 cold triggers at once to 201',
      ours: atOnce,
      limit: atOnceLimit,
      unit: 'ms',
      limitIs: atOnceLimitIs,
    }),
    ...percentileRows({
      question: 'trigger to 201 while 50 cameras record',
      ours,
      limit,
      unit: 'ms',
      limitIs: LIMIT_IS,
    }),
    ...percentileRows({
      ...{ question: 'the same with 150 to 250 recordings open', ours: ours.slice(half), limit: limit.slice(half) },
      ...{ unit: 'ms', limitIs: LIMIT_IS },
    }),
  ];
}

async function warmUp(service: ServiceProcess, database: pg.Pool): Promise<void> {
  for (let index = 0; index < 30; index++) {
    await timeFloor(service, database);
    await service.request('GET', '/cameras');
  }
}

/** An answer over HTTP that does nothing, and one durable row: less cannot be done for an event. */
async function timeFloor(service: ServiceProcess, database: pg.Pool): Promise<number> {
  const fromMs = performance.now();
  await service.call('GET', '/health/live');
  await database.query('INSERT INTO bench_floor (data) VALUES ($1)', [{ type: 'MOTION' }]);
  return performance.now() - fromMs;
}
