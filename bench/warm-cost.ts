import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

/** What does it cost to keep a camera warm, beside an FFmpeg that only copies it into a file? */
export async function run(bench: Bench): Promise<Row[]> {
  const { infos } = await bench.startCameras(CAMERAS);
  bench.say(`  ${CAMERAS} copied by bare FFmpeg …`);
  const bare = await measureBare(bench, infos);
  const { service } = await bench.startService();
  const idle = await spend(async () => [await readAll([service.pid])]);
  bench.say(`  ${CAMERAS} kept warm by the service …`);
  await addWarm(service, infos);
  await service.waitFor(async () => ((await childrenOf(service.pid)).length === CAMERAS ? true : undefined));
  await delay(SETTLE_MS);
  const [ours, ffmpegs] = await spend(async () => [
    await readAll([service.pid]),
    await readAll(await childrenOf(service.pid)),
  ]);
  return rowsOf({ bare: bare!, idle: idle[0]!, ours: ours!, ffmpegs: ffmpegs! });
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
    await service.call('POST', '/cameras', { body });
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

function rowsOf({ bare, idle, ours, ffmpegs }: Record<'bare' | 'idle' | 'ours' | 'ffmpegs', Spent>): Row[] {
  const limitIs = `bare ffmpeg -c copy into a file, ${WINDOW_SEC} s`;
  const row = (what: string, unit: string, ours: number, limit: number) =>
    toRow({
      question: `a warm camera: ${what}`,
      ours: ours / CAMERAS,
      limit: limit / CAMERAS,
      unit,
      n: CAMERAS,
      limitIs,
    });
  const mib = 2 ** 20;
  return [
    row('processor time of FFmpeg', 'ms/s', ffmpegs.cpuMs, bare.cpuMs),
    row('processor time of FFmpeg and the service', 'ms/s', ffmpegs.cpuMs + ours.cpuMs - idle.cpuMs, bare.cpuMs),
    row('memory of FFmpeg', 'MiB', ffmpegs.rssBytes / mib, bare.rssBytes / mib),
    row(
      'memory of FFmpeg and what the service grew by',
      'MiB',
      (ffmpegs.rssBytes + ours.rssBytes - idle.rssBytes) / mib,
      bare.rssBytes / mib,
    ),
    row(
      'bytes written to disk in an hour',
      'MiB',
      ((ours.diskBytes - idle.diskBytes + ffmpegs.diskBytes) * HOUR_SEC) / mib,
      (bare.diskBytes * HOUR_SEC) / mib,
    ),
  ];
}
