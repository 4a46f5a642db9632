import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import type { Bench } from './support/bench.js';
import { eightStreams } from './support/eight-streams.js';
import { prolong } from './support/long-footage.js';
import { readFamilyUsage } from './support/proc.js';
import { addCameras, type Recording, trigger, waitForStatus } from './support/recordings.js';
import { percentile, type Row, toRow } from './support/rows.js';
import { SlowStore } from './support/slow-store.js';
import type { UploadCost, Uploader, UploadRequest, UploadSetup } from './support/upload-setup.js';
import { Worker } from './support/worker.js';

const STREAM_KBPS = 4_000;
/** About 30 MB: half a dozen parts. */
const FOOTAGE_SEC = 60;
const MODEL_MS = 5_000;
const TRIALS = 5;
const AT_ONCE = [1, 8, 32];
/** Wide enough for any uploader to fill, narrow enough that all uploads go on side by side for a while. */
const LINK_BYTES_PER_SEC = 40_000_000;
const MIB = 1024 ** 2;

interface Setup {
  bench: Bench;
  store: SlowStore;
  database: pg.Pool;
  recording: Recording;
  upload: UploadSetup;
  megabits: number;
}

/** What does it cost to send footage as the service does, beside the SDK's own uploader? */
export async function run(bench: Bench): Promise<Row[]> {
  const setup = await prepare(bench);
  bench.say(`  ${Math.round(setup.megabits / 8)} MB, one upload at a time …`);
  const rows = await processorRows(setup);
  await setup.store.setRate(LINK_BYTES_PER_SEC);
  for (const count of AT_ONCE) {
    bench.say(`  ${count} at once …`);
    rows.push(await memoryRow(setup, count));
  }
  return [...rows, ...(await eightStreams(bench))];
}

/** Footage in the log of a service that is gone, and the same bytes in one file. */
async function prepare(bench: Bench): Promise<Setup> {
  const video = { bitrateKbps: STREAM_KBPS, constantBitrate: true };
  const cameras = await bench.startCameras(1, { gopSec: 1, video });
  const store = await SlowStore.start(bench);
  const { service, database, databaseUrl } = await bench.startService(store.env);
  const [cameraId = ''] = await addCameras(service, cameras.infos);
  const recording = await trigger(service, cameraId);
  await waitForStatus(database, [recording], 'RECORDING');
  await delay(MODEL_MS);
  await service.stop('SIGKILL');
  await prolong({ recordDir: bench.recordDir, database, recording, lengthSec: FOOTAGE_SEC });
  const cameraDir = join(bench.recordDir, 'cameras', cameraId);
  const [longest = ''] = (await readdir(cameraDir)).sort();
  const captureDir = join(cameraDir, longest);
  const file = join(bench.dir, 'footage.m4s');
  for (const name of (await readdir(captureDir)).filter((each) => each.endsWith('.m4s')).sort()) {
    await pipeline(createReadStream(join(captureDir, name)), createWriteStream(file, { flags: 'a' }));
  }
  const nodeId = (await readFile(join(bench.recordDir, 'node-id'), 'utf8')).trim();
  const upload = { address: store.address, databaseUrl, nodeId, captureDir, file };
  return { bench, store, database, recording, upload, megabits: ((await stat(file)).size * 8) / 1e6 };
}

async function processorRows(setup: Setup): Promise<Row[]> {
  const { bench, megabits } = setup;
  const ours: number[] = [];
  const theirs: number[] = [];
  const databaseMs: number[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const before = (await readFamilyUsage(bench.databasePid)).cpuMs;
    ours.push((await cost(setup, 'engine', 1)).cpuMs / megabits);
    databaseMs.push(((await readFamilyUsage(bench.databasePid)).cpuMs - before) / megabits / 2);
    theirs.push((await cost(setup, 'lib-storage', 1)).cpuMs / megabits);
  }
  const limit = percentile(theirs, 0.5);
  const rest = { limit, unit: 'ms/Mbit', n: TRIALS, limitIs: '@aws-sdk/lib-storage sending the same bytes, p50' };
  const row = (question: string, values: readonly number[]) =>
    toRow({ question, ours: percentile(values, 0.5), ...rest });
  return [
    row('processor time of an upload, p50', ours),
    row('the same in the database, p50 (with the start of each process)', databaseMs),
  ];
}

async function memoryRow(setup: Setup, count: number): Promise<Row> {
  const ours = await cost(setup, 'engine', count);
  const theirs = await cost(setup, 'lib-storage', count);
  return toRow({
    question: `${count} ${count === 1 ? 'upload' : 'uploads'} at once: memory that the process grew by, most`,
    ...{ ours: ours.grownBytes / MIB, limit: theirs.grownBytes / MIB, unit: 'MiB', n: count },
    limitIs: 'the same uploads by @aws-sdk/lib-storage',
  });
}

/** In a new process, after one upload more that is not counted. */
async function cost({ bench, database, recording, upload }: Setup, by: Uploader, count: number): Promise<UploadCost> {
  // As many playbacks of the same footage, of which nothing is in the store.
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO playbacks (camera_id, recording_status, node_id, range_start_at)
       SELECT camera_id, 'PROCESSING', node_id, range_start_at FROM playbacks, generate_series(1, $2) WHERE id = $1
       RETURNING id`,
    [recording.playbackId, count + 1],
  );
  const worker = Worker.start<UploadRequest>('upload-worker.ts');
  bench.onClose(() => worker.stop());
  const result = await worker.ask<UploadCost>({ by, setup: upload, playbackIds: rows.map(({ id }) => id) });
  await worker.stop();
  return result;
}
