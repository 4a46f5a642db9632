import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import { BareFfmpeg } from './support/bare-ffmpeg.js';
import type { Bench } from './support/bench.js';
import { addCameras, end, trigger, waitForStatus } from './support/recordings.js';
import { percentileRows, type Row } from './support/rows.js';

const TRIALS = 10;
const GOPS_SEC = [1, 2];
/** Triggered in one moment: on a small machine, more than its processor can open at once. */
const AT_ONCE = 6;
const AT_ONCE_ROUNDS = 3;

interface Times {
  ours: number[];
  fragment: number[];
  packet: number[];
}

/** How long after a trigger on a cold camera is the first fragment on disk, and how much of that is FFmpeg's and the camera's own? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database } = await bench.startService();
  const cameras = await Promise.all(GOPS_SEC.map((gopSec) => bench.startCameras(1, { gopSec })));
  const infos = cameras.map(({ infos }) => infos[0]!);
  const cameraIds = await addCameras(service, infos);
  bench.say(`  ${TRIALS} trials with each of ${GOPS_SEC.length} cameras …`);
  const all = await Promise.all(
    GOPS_SEC.map((gopSec, index) =>
      measure({
        bench,
        service,
        database,
        gopSec,
        cameraId: cameraIds[index]!,
        url: infos[index]!.rtspUrlWithCredentials,
      }),
    ),
  );
  return [
    ...all.flatMap((times, index) => rowsOf(GOPS_SEC[index]!, times)),
    ...(await openManyAtOnce(bench, service, database)),
  ];
}

/** Several cold cameras that are triggered in one moment, by turns with as many bare FFmpegs that are started in one moment. */
async function openManyAtOnce(bench: Bench, service: ServiceProcess, database: pg.Pool): Promise<Row[]> {
  const { infos } = await bench.startCameras(AT_ONCE, { gopSec: 1 });
  const cameraIds = await addCameras(service, infos);
  const urls = infos.map(({ rtspUrlWithCredentials }) => rtspUrlWithCredentials);
  bench.say(`  ${AT_ONCE_ROUNDS} rounds with ${AT_ONCE} cameras at once …`);
  const [ours, limit]: [number[], number[]] = [[], []];
  for (let round = 0; round < AT_ONCE_ROUNDS; round++) {
    const setup = { service, database };
    ours.push(...(await Promise.all(cameraIds.map((cameraId) => timeOurs({ ...setup, cameraId })))));
    limit.push(...(await Promise.all(urls.map((url) => BareFfmpeg.timeFirst(bench, 'fragment', url)))));
  }
  return percentileRows({
    ...{ question: `cold trigger to first fragment, ${AT_ONCE} cameras at once`, ours, limit, unit: 'ms' },
    limitIs: 'as many bare FFmpegs at once: start to first fragment',
  });
}

interface Setup {
  bench: Bench;
  service: ServiceProcess;
  database: pg.Pool;
  gopSec: number;
  cameraId: string;
  url: string;
}

/**
 * The three meet the same phases of the camera's GOP, since waiting for a key frame is most of the time; they run side by side, but
 * never begin at the same moment.
 */
async function measure(setup: Setup): Promise<Times> {
  const { bench, url } = setup;
  const [ours, fragment, packet] = await Promise.all([
    repeat(setup.gopSec, 0, () => timeOurs(setup)),
    repeat(setup.gopSec, 3, () => BareFfmpeg.timeFirst(bench, 'fragment', url)),
    repeat(setup.gopSec, 6, () => BareFfmpeg.timeFirst(bench, 'packet', url)),
  ]);
  return { ours, fragment, packet };
}

async function repeat(gopSec: number, firstPhase: number, time: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    await untilPhase(((firstPhase + trial) % TRIALS) / TRIALS, gopSec * 1_000);
    times.push(await time());
  }
  return times;
}

async function timeOurs({
  service,
  database,
  cameraId,
}: Pick<Setup, 'service' | 'database' | 'cameraId'>): Promise<number> {
  const recording = await trigger(service, cameraId);
  const seen = await waitForStatus(database, [recording], 'RECORDING');
  await end(service, recording);
  await waitForStatus(database, [recording], 'COMPLETED');
  return seen.get(recording.playbackId)! - recording.triggeredAtMs;
}

async function untilPhase(share: number, gopMs: number): Promise<void> {
  await delay((share * gopMs - (Date.now() % gopMs) + gopMs) % gopMs);
}

function rowsOf(gopSec: number, { ours, fragment, packet }: Times): Row[] {
  const question = `cold trigger to first fragment, GOP ${gopSec} s`;
  const [shape, floor] = [fragment, packet].map((limit, index) =>
    percentileRows({
      ...{ question, ours, limit, unit: 'ms' },
      limitIs: `bare FFmpeg: start to first ${index === 0 ? 'fragment (same fragment length)' : 'packet'}`,
    }),
  );
  return [...shape!, floor![0]!];
}
