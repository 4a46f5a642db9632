import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../../tools/service-process.js';
import { assembleByHand, BareFfmpeg, cutIntoFragments } from './bare-ffmpeg.js';
import type { Bench } from './bench.js';
import { addCameras, download, end, trigger, waitForStatus } from './recordings.js';
import { percentileRows, type Row } from './rows.js';

const TRIALS = 5;
const LENGTHS_SEC = [10, 60];
/** Between the recordings of one length, so that no two are finished at the same time. */
const APART_MS = 2_000;

interface Times {
  /** From the answer to the end until the last fragment was in. */
  closing: number;
  /** From there until the object was verified in the store. */
  finishing: number;
  playbackId: string;
}

interface Setup {
  service: ServiceProcess;
  database: pg.Pool;
}

/** The same with a store on the disk: what the service itself costs after an end. */
export async function endsOnDisk(outer: Bench): Promise<Row[]> {
  const bench = await outer.openInner();
  const cameras = await bench.startCameras(TRIALS * LENGTHS_SEC.length);
  const setup = await bench.startService();
  const cameraIds = await addCameras(setup.service, cameras.infos);
  bench.say(`  ${TRIALS} recordings each of ${LENGTHS_SEC.join(' and ')} s …`);
  const all = await Promise.all(
    LENGTHS_SEC.map((lengthSec, group) =>
      Promise.all(
        cameraIds
          .slice(group * TRIALS, (group + 1) * TRIALS)
          .map((cameraId, trial) => record(setup, cameraId, lengthSec, trial * APART_MS + (group * APART_MS) / 2)),
      ),
    ),
  );
  const stops = await timeStops(
    bench,
    cameras.infos.slice(0, TRIALS).map(({ rtspUrlWithCredentials: url }) => url),
  );
  const rows: Row[] = [];
  for (const [group, times] of all.entries())
    rows.push(...(await rowsOf(bench, setup.service, LENGTHS_SEC[group]!, times, stops)));
  return rows;
}

async function record(
  { service, database }: Setup,
  cameraId: string,
  lengthSec: number,
  afterMs: number,
): Promise<Times> {
  await delay(afterMs);
  const recording = await trigger(service, cameraId);
  await waitForStatus(database, [recording], 'RECORDING');
  await delay(lengthSec * 1_000);
  const endedAtMs = await end(service, recording);
  const { playbackId } = recording;
  const processingAtMs = (await waitForStatus(database, [recording], 'PROCESSING')).get(playbackId)!;
  const completedAtMs = (await waitForStatus(database, [recording], 'COMPLETED')).get(playbackId)!;
  return { closing: processingAtMs - endedAtMs, finishing: completedAtMs - processingAtMs, playbackId };
}

/** What bare FFmpeg needs between SIGINT and its end, one after the other. */
async function timeStops(bench: Bench, urls: readonly string[]): Promise<number[]> {
  const running = urls.map((url, index) => BareFfmpeg.record(bench, url, join(bench.dir, `bare-${index}.mp4`)));
  await delay(4_000);
  const times: number[] = [];
  for (const ffmpeg of running) times.push(await ffmpeg.stop('SIGINT'));
  return times;
}

async function rowsOf(
  bench: Bench,
  service: ServiceProcess,
  lengthSec: number,
  times: readonly Times[],
  stops: readonly number[],
): Promise<Row[]> {
  const byHand: number[] = [];
  for (const { playbackId } of times) {
    const file = join(bench.dir, `${playbackId}.mp4`);
    await download(service, playbackId, file);
    await cutIntoFragments(file, `${file}.fragments.mp4`);
    byHand.push(await assembleByHand(`${file}.fragments.mp4`, `${file}.by-hand.mp4`));
  }
  const ours = { closing: times.map((each) => each.closing), finishing: times.map((each) => each.finishing) };
  const assembly = 'the same fragments put together by FFmpeg and copied';
  return [
    ...percentileRows({
      ...{ question: `${lengthSec} s recording: end to last fragment`, ours: ours.closing, limit: stops, unit: 'ms' },
      limitIs: 'SIGINT to the end of bare FFmpeg',
    }),
    ...percentileRows({
      ...{ question: `${lengthSec} s recording: last fragment to COMPLETED`, ours: ours.finishing, limit: byHand },
      ...{ unit: 'ms', limitIs: assembly },
    }),
    ...percentileRows({
      question: `${lengthSec} s recording: end to COMPLETED`,
      ours: times.map(({ closing, finishing }) => closing + finishing),
      limit: byHand.map((ms, index) => ms + stops[index]!),
      ...{ unit: 'ms', limitIs: `SIGINT to the end of bare FFmpeg, then ${assembly}` },
    }),
  ];
}
