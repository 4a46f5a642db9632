import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import { BareFfmpeg } from './support/bare-ffmpeg.js';
import type { Bench } from './support/bench.js';
import type { CameraInfo } from './support/camera-worker.js';
import { childrenOf, readFamilyUsage, readUsage, readUsages, type Usage } from './support/proc.js';
import { addCameras, end, type Recording, trigger, waitForStatus } from './support/recordings.js';
import { type Row, toRow } from './support/rows.js';

const CAMERAS = 50;
/** One process uses a few ticks of the clock per second: a short window would measure the tick. */
const WINDOW_SEC = { idle: 10, one: 20, fifty: 15 };
const SETTLE_MS = 3_000;

/** Processor time is in milliseconds per second of wall clock; memory is what is resident at the end. */
interface Cost {
  service: Usage;
  ffmpeg: Usage;
  database: Usage;
}

/** What does a recording cost in processor time and memory, beside the FFmpeg that copies the stream anyway? */
export async function run(bench: Bench): Promise<Row[]> {
  const cameras = await bench.startCameras(CAMERAS);
  const { service, database } = await bench.startService();
  const cameraIds = await addCameras(service, cameras.infos);
  await delay(SETTLE_MS);
  bench.say('  the idle service …');
  const idle = await watch(bench, service, WINDOW_SEC.idle);
  const rows: Row[] = [];
  for (const [count, windowSec] of [
    [1, WINDOW_SEC.one],
    [CAMERAS, WINDOW_SEC.fifty],
  ] as const) {
    bench.say(`  ${count} recorded by bare FFmpeg …`);
    const bare = await measureBare(bench, cameras.infos.slice(0, count), windowSec);
    bench.say(`  ${count} recorded by the service …`);
    const ours = await measureOurs(bench, { service, database }, cameraIds.slice(0, count), windowSec);
    rows.push(...rowsOf(count, windowSec, ours, bare, idle));
  }
  return rows;
}

async function measureBare(bench: Bench, infos: readonly CameraInfo[], windowSec: number): Promise<Usage> {
  const running = infos.map(({ rtspUrlWithCredentials: url }, index) =>
    BareFfmpeg.record(bench, url, join(bench.dir, `bare-${index}.mp4`)),
  );
  await delay(SETTLE_MS + infos.length * 60);
  const usage = await spend(windowSec, () => readUsages(running.map(({ pid }) => pid)));
  await Promise.all(running.map((ffmpeg) => ffmpeg.stop('SIGINT')));
  return usage;
}

async function measureOurs(
  bench: Bench,
  { service, database }: { service: ServiceProcess; database: pg.Pool },
  cameraIds: readonly string[],
  windowSec: number,
): Promise<Cost> {
  const recordings: Recording[] = [];
  for (const id of cameraIds) recordings.push(await trigger(service, id));
  await waitForStatus(database, recordings, 'RECORDING');
  await delay(SETTLE_MS);
  const children = await childrenOf(service.pid);
  if (children.length !== cameraIds.length)
    throw new Error(`${children.length} FFmpegs run for ${cameraIds.length} cameras`);
  const cost = await watch(bench, service, windowSec);
  for (const recording of recordings) await end(service, recording);
  await waitForStatus(database, recordings, 'COMPLETED');
  return cost;
}

async function watch(bench: Bench, service: ServiceProcess, windowSec: number): Promise<Cost> {
  const [ours, ffmpeg, database] = await Promise.all([
    spend(windowSec, () => readUsage(service.pid)),
    spend(windowSec, async () => readUsages(await childrenOf(service.pid))),
    spend(windowSec, () => readFamilyUsage(bench.databasePid)),
  ]);
  return { service: ours, ffmpeg, database };
}

/** Processes must not come or go within the window. */
async function spend(windowSec: number, read: () => Promise<Usage>): Promise<Usage> {
  const fromMs = performance.now();
  const before = await read();
  await delay(windowSec * 1_000);
  const after = await read();
  return { cpuMs: ((after.cpuMs - before.cpuMs) * 1_000) / (performance.now() - fromMs), rssBytes: after.rssBytes };
}

function rowsOf(count: number, windowSec: number, ours: Cost, bare: Usage, idle: Cost): Row[] {
  const times = count === 1 ? '1 recording' : `${count} recordings`;
  const cpu = (what: string, oursMs: number, limitMs: number, limitIs: string) =>
    toRow({
      ...{ question: `${times}: processor time of ${what}, each`, ours: oursMs / count, limit: limitMs / count },
      ...{ unit: 'ms/s', n: count, limitIs: `${limitIs}, ${windowSec} s` },
    });
  const memory = (what: string, oursBytes: number, limitBytes: number, limitIs: string) =>
    toRow({
      ...{ question: `${times}: memory of ${what}`, ours: oursBytes / 2 ** 20, limit: limitBytes / 2 ** 20 },
      ...{ unit: 'MiB', n: count, limitIs },
    });
  const bareIs = 'bare ffmpeg -c copy of the same cameras';
  const all = ours.service.cpuMs + ours.ffmpeg.cpuMs + ours.database.cpuMs;
  const idleRow = count === 1 ? [cpu('the idle service before', idle.service.cpuMs, bare.cpuMs, bareIs)] : [];
  return [
    ...idleRow,
    cpu('our FFmpeg', ours.ffmpeg.cpuMs, bare.cpuMs, bareIs),
    cpu('the service', ours.service.cpuMs, ours.ffmpeg.cpuMs, 'its own FFmpegs in the same window'),
    cpu('the database', ours.database.cpuMs, ours.ffmpeg.cpuMs, 'the FFmpegs in the same window'),
    cpu('everything', all, bare.cpuMs, bareIs),
    memory('our FFmpeg, each', ours.ffmpeg.rssBytes / count, bare.rssBytes / count, bareIs),
    memory('the service', ours.service.rssBytes, idle.service.rssBytes, 'the idle service before'),
  ];
}
