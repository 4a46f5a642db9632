import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../tools/service-process.js';
import { BareFfmpeg } from './support/bare-ffmpeg.js';
import type { Bench } from './support/bench.js';
import { addCameras, end, trigger, waitForStatus } from './support/recordings.js';
import { percentileRows, type Row } from './support/rows.js';

const TRIALS = 10;
const GOPS_SEC = [1, 2];

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
  return all.flatMap((times, index) => rowsOf(GOPS_SEC[index]!, times));
}

interface Setup {
  bench: Bench;
  service: ServiceProcess;
  database: pg.Client;
  gopSec: number;
  cameraId: string;
  url: string;
}

/** The three begin at the same phase of the camera's GOP, a different one in each trial: waiting for a key frame is most of the time. */
async function measure({ bench, service, database, gopSec, cameraId, url }: Setup): Promise<Times> {
  const times: Times = { ours: [], fragment: [], packet: [] };
  for (let trial = 0; trial < TRIALS; trial++) {
    const phaseMs = (trial / TRIALS) * gopSec * 1_000;
    await untilPhase(phaseMs, gopSec);
    times.packet.push(await BareFfmpeg.timeFirst(bench, 'packet', url));
    await untilPhase(phaseMs, gopSec);
    times.fragment.push(await BareFfmpeg.timeFirst(bench, 'fragment', url));
    await untilPhase(phaseMs, gopSec);
    const recording = await trigger(service, cameraId);
    const seen = await waitForStatus(database, [recording], 'RECORDING');
    times.ours.push(seen.get(recording.playbackId)! - recording.triggeredAtMs);
    await end(service, recording);
    await waitForStatus(database, [recording], 'COMPLETED');
  }
  return times;
}

async function untilPhase(phaseMs: number, gopSec: number): Promise<void> {
  const gopMs = gopSec * 1_000;
  await delay((phaseMs - (Date.now() % gopMs) + gopMs) % gopMs);
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
