import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf } from '@hindsight/client';
import type { ServiceProcess } from '../tools/service-process.js';
import { BareFfmpeg } from './support/bare-ffmpeg.js';
import { type Bench, CAMERA_LOGIN } from './support/bench.js';
import type { CameraInfo } from './support/camera-worker.js';
import { childrenOf, readUsage, readUsages } from './support/proc.js';
import { type Row, sum, toRow } from './support/rows.js';

const CAMERAS = 10;
const WINDOW_SEC = 60;
const SETTLE_MS = 15_000;
const PRE_ROLL_SEC = 5;
const HOUR_SEC = 3_600;

interface Spent {
  /** Milliseconds of processor time per second. */
  cpuMs: number;
  rssBytes: number;
  /** Per second, as the kernel charges them to the process. */
  diskBytes: number;
}

interface Warm {
  /** The service before it had a camera. */
  idle: Spent;
  ours: Spent;
  ffmpegs: Spent;
}

/** How long footage may wait to be brought to stable storage: as little as it may, as it is by default, and so long that it hardly shows. */
const SYNCS = [0, 2_000, 60_000];
const DEFAULT_SYNC = 2_000;

/** What does it cost to keep a camera warm, beside an FFmpeg that only copies it into a file, and how much of that is syncing? */
export async function run(bench: Bench): Promise<Row[]> {
  const { infos } = await bench.startCameras(CAMERAS);
  bench.say(`  ${CAMERAS} copied by bare FFmpeg …`);
  const bare = await measureBare(bench, infos);
  const warm = new Map<number, Warm>();
  for (const fsyncMs of SYNCS) {
    bench.say(`  ${CAMERAS} kept warm by the service, FSYNC_MS=${fsyncMs} …`);
    warm.set(fsyncMs, await measureWarm(bench, infos, fsyncMs));
  }
  return [...rowsOf(bare!, warm.get(DEFAULT_SYNC)!), ...syncRows(warm)];
}

async function measureWarm(outer: Bench, infos: readonly CameraInfo[], fsyncMs: number): Promise<Warm> {
  const bench = await outer.openInner();
  const { service } = await bench.startService({ FSYNC_MS: String(fsyncMs) });
  const [idle] = await spend(async () => [await readAll([service.pid])]);
  await addWarm(service, infos);
  await service.waitFor(async () => ((await childrenOf(service.pid)).length === CAMERAS ? true : undefined));
  await delay(SETTLE_MS);
  const [ours, ffmpegs] = await spend(async () => [
    await readAll([service.pid]),
    await readAll(await childrenOf(service.pid)),
  ]);
  await bench.close();
  return { idle: idle!, ours: ours!, ffmpegs: ffmpegs! };
}

async function measureBare(bench: Bench, infos: readonly CameraInfo[]): Promise<Spent | undefined> {
  const running = infos.map(({ rtspUrlWithCredentials: url }, index) =>
    BareFfmpeg.record(bench, url, join(bench.dir, `bare-${index}.mp4`)),
  );
  await delay(SETTLE_MS);
  const [spent] = await spend(async () => [await readAll(running.map(({ pid }) => pid))]);
  await Promise.all(running.map((ffmpeg) => ffmpeg.stop('SIGINT')));
  return spent;
}

async function addWarm(service: ServiceProcess, infos: readonly CameraInfo[]): Promise<void> {
  for (const [index, { rtspUrl }] of infos.entries()) {
    const body = { name: `camera ${index + 1}`, rtspUrl, ...CAMERA_LOGIN, preRollSec: PRE_ROLL_SEC };
    await bodyOf(service.api.POST('/cameras', { body }));
  }
}

async function readAll(pids: readonly number[]): Promise<Spent> {
  const { cpuMs, rssBytes } = pids.length === 1 ? await readUsage(pids[0]!) : await readUsages(pids);
  return { cpuMs, rssBytes, diskBytes: sum(await Promise.all(pids.map(readDiskBytes))) };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_io.5.html */
async function readDiskBytes(pid: number): Promise<number> {
  return Number(/^write_bytes: (\d+)/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** Processes must not come or go within the window. */
async function spend(read: () => Promise<Spent[]>): Promise<Spent[]> {
  const fromMs = performance.now();
  const before = await read();
  await delay(WINDOW_SEC * 1_000);
  const after = await read();
  const sec = (performance.now() - fromMs) / 1_000;
  return after.map(({ cpuMs, rssBytes, diskBytes }, index) => ({
    cpuMs: (cpuMs - before[index]!.cpuMs) / sec,
    rssBytes,
    diskBytes: (diskBytes - before[index]!.diskBytes) / sec,
  }));
}

const MIB = 2 ** 20;

function rowsOf(bare: Spent, warm: Warm): Row[] {
  const { idle, ours, ffmpegs } = warm;
  const limitIs = `bare ffmpeg -c copy into a file, ${WINDOW_SEC} s`;
  const row = (what: string, unit: string, mine: number, limit: number) =>
    rowOf(`a warm camera: ${what}`, { unit, ours: mine, limit, limitIs });
  return [
    row('processor time of FFmpeg', 'ms/s', ffmpegs.cpuMs, bare.cpuMs),
    row('processor time of FFmpeg and the service', 'ms/s', ffmpegs.cpuMs + ours.cpuMs - idle.cpuMs, bare.cpuMs),
    row('memory of FFmpeg', 'MiB', ffmpegs.rssBytes / MIB, bare.rssBytes / MIB),
    row(
      'memory of FFmpeg and what the service grew by',
      'MiB',
      (ffmpegs.rssBytes + ours.rssBytes - idle.rssBytes) / MIB,
      bare.rssBytes / MIB,
    ),
    row('bytes written to disk in an hour', 'MiB', writtenIn(warm), (bare.diskBytes * HOUR_SEC) / MIB),
  ];
}

/** The service alone: FFmpeg does not sync. */
function syncRows(warm: ReadonlyMap<number, Warm>): Row[] {
  const longest = SYNCS.at(-1)!;
  const limitIs = `the same with FSYNC_MS=${longest}`;
  const cpuOf = (fsyncMs: number) => warm.get(fsyncMs)!.ours.cpuMs - warm.get(fsyncMs)!.idle.cpuMs;
  return SYNCS.slice(0, -1).flatMap((fsyncMs) => [
    rowOf(`FSYNC_MS=${fsyncMs}: processor time of the service`, {
      ...{ unit: 'ms/s', ours: cpuOf(fsyncMs), limit: cpuOf(longest), limitIs },
    }),
    rowOf(`FSYNC_MS=${fsyncMs}: bytes written to disk in an hour`, {
      ...{ unit: 'MiB', ours: writtenIn(warm.get(fsyncMs)!), limit: writtenIn(warm.get(longest)!), limitIs },
    }),
  ]);
}

function writtenIn({ idle, ours, ffmpegs }: Warm): number {
  return ((ours.diskBytes - idle.diskBytes + ffmpegs.diskBytes) * HOUR_SEC) / MIB;
}

/** Of each camera. */
function rowOf(
  question: string,
  { ours, limit, unit, limitIs }: { ours: number; limit: number; unit: string; limitIs: string },
): Row {
  return toRow({ question, ours: ours / CAMERAS, limit: limit / CAMERAS, unit, n: CAMERAS, limitIs });
}
