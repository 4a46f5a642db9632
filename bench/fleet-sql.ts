import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './support/bench.js';
import { OtherRecorder } from './support/other-recorder.js';
import { readFamilyUsage, readUsage } from './support/proc.js';
import { progressLog } from './support/progress-log.js';
import { type Row, sum, toRow } from './support/rows.js';

const CAMERAS = 1_000;
const NOTICES_PER_SEC = 20;
const WINDOW_SEC = 30;
const SETTLE_MS = 5_000;
const ROUNDS = 3;

/** Milliseconds of processor time per second. */
interface Spent {
  service: number;
  database: number;
}

/** What the other recorder does meanwhile. */
type Elsewhere = 'nothing' | 'changes' | 'triggers';

/** What does a fleet cost a recorder that has nothing to do, and what does a row of progress cost the database's log? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database, databaseUrl } = await bench.startService();
  const other = await OtherRecorder.start(bench, databaseUrl, CAMERAS);
  await service.waitFor(async () => {
    const metrics = await service.call<string>('GET', '/metrics');
    return metrics.includes('\nhindsight_recorders 2\n') ? true : undefined;
  });
  const measured: Record<Elsewhere, Spent[]> = { nothing: [], changes: [], triggers: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const elsewhere of ['nothing', 'changes', 'triggers'] as const) {
      bench.say(`  elsewhere ${elsewhere}, round ${round} …`);
      if (elsewhere === 'nothing') await other.finishAll();
      else await other.recordAll();
      await delay(SETTLE_MS);
      measured[elsewhere].push(await watch(bench, service.pid, other, elsewhere));
    }
  }
  await service.stop();
  return [...costRows(measured), ...(await progressLog(database, databaseUrl))];
}

/** Of the service and of all server processes but those of the other recorder, which would be elsewhere. */
async function watch(bench: Bench, pid: number, other: OtherRecorder, elsewhere: Elsewhere): Promise<Spent> {
  const read = async () => {
    const [service, all, ...theirs] = await Promise.all([
      readUsage(pid),
      readFamilyUsage(bench.databasePid),
      ...other.serverPids.map(readUsage),
    ]);
    return { service: service.cpuMs, database: all.cpuMs - sum(theirs.map(({ cpuMs }) => cpuMs)) };
  };
  const fromMs = performance.now();
  const before = await read();
  const telling = elsewhere === 'nothing' ? null : other.tell(NOTICES_PER_SEC, elsewhere);
  await delay(WINDOW_SEC * 1_000);
  await telling?.stop();
  const after = await read();
  const sec = (performance.now() - fromMs) / 1_000;
  return { service: (after.service - before.service) / sec, database: (after.database - before.database) / sec };
}

function costRows(measured: Record<Elsewhere, Spent[]>): Row[] {
  const mean = (elsewhere: Elsewhere, of: (spent: Spent) => number) => sum(measured[elsewhere].map(of)) / ROUNDS;
  const row = (what: string, elsewhere: Elsewhere, of: (spent: Spent) => number) =>
    toRow({
      question: what,
      ...{ ours: mean(elsewhere, of), limit: mean('nothing', of), unit: 'ms/s', n: ROUNDS },
      limitIs: `the same with nothing open elsewhere, by turns of ${WINDOW_SEC} s`,
    });
  const all = ({ service, database }: Spent) => service + database;
  const among = `an idle recorder beside ${CAMERAS} open recordings of another one`;
  return [
    row(`${among}, of which ${NOTICES_PER_SEC} a second change: processor time with its database`, 'changes', all),
    row('the same: of the service alone', 'changes', ({ service }) => service),
    row('the same: of the database alone', 'changes', ({ database }) => database),
    row(`${among}, with ${NOTICES_PER_SEC} new events a second there: with its database`, 'triggers', all),
  ];
}
