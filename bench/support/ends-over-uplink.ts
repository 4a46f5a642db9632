import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { StreamIndex } from '../../src/schema/stream-index.js';
import type { ServiceProcess } from '../../tools/service-process.js';
import { assembleByHand, cutIntoFragments } from './bare-ffmpeg.js';
import type { Bench } from './bench.js';
import { prolong } from './long-footage.js';
import { addCameras, download, end, readHeadBytes, type Recording, trigger, waitForStatus } from './recordings.js';
import { readUsage } from './proc.js';
import { percentile, type Row, toRow } from './rows.js';
import { SlowStore } from './slow-store.js';
import { putOnce, uploadFile } from './upload-at-the-end.js';
import { type AtTheEnd, comparisons, type Ended, type Length, type Measured, rowsOf } from './uplink-rows.js';

const STREAM_KBPS = 4_000;
/** Twice the stream's bit rate. */
const UPLINK_BYTES_PER_SEC = (2 * STREAM_KBPS * 1_000) / 8;
const PART_BYTES = 5 * 1024 ** 2;
/** A part fills within so long. */
const PART_MS = (PART_BYTES * 8) / STREAM_KBPS;
const TRIALS = 3;
const LENGTHS: readonly Length[] = [
  { name: '10 s', sec: 10 },
  { name: '10 min', sec: 600 },
  { name: '60 min', sec: 3_600 },
];
/** What is repeated to make footage long; less than a part, so that nothing of it is sent. */
const MODEL_MS = 5_000;
const MIB = 1024 ** 2;

interface Setup {
  bench: Bench;
  store: SlowStore;
  service: ServiceProcess;
  database: pg.Pool;
  cameraId: string;
}

/** When is the video complete in a store behind an uplink of twice the stream's bit rate, and does it depend on the length? */
export async function endsOverUplink(outer: Bench): Promise<Row[]> {
  const bench = await outer.openInner();
  const video = { bitrateKbps: STREAM_KBPS, constantBitrate: true };
  const cameras = await bench.startCameras(1, { gopSec: 1, video });
  const store = await SlowStore.start(bench);
  const { service, database } = await bench.startService(store.env);
  const [cameraId = ''] = await addCameras(service, cameras.infos, { maxRecordingSec: 7_200 });
  const setup = { bench, store, service, database, cameraId };
  const link = await measureLink(setup);
  const measured: Measured[] = [];
  for (const length of LENGTHS) measured.push(await measure(setup, length));
  await bench.close();
  return [link, ...measured.flatMap(rowsOf), ...comparisons(measured)];
}

/** What the link and the store add to the bytes without the service. */
async function measureLink({ store }: Setup): Promise<Row> {
  await store.setRate(UPLINK_BYTES_PER_SEC);
  const times: number[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) times.push(await putOnce(store.address, `link/${trial}`, PART_BYTES));
  return toRow({
    ...{ question: 'the uplink itself: one PUT of a part, p50', ours: percentile(times, 0.5), unit: 'ms', n: TRIALS },
    ...{ limit: (PART_BYTES / UPLINK_BYTES_PER_SEC) * 1_000, limitIs: 'its bytes at the rate of the link' },
  });
}

async function measure(setup: Setup, length: Length): Promise<Measured> {
  const ended: Ended[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) {
    setup.bench.say(`  ${length.name}, ${trial + 1} of ${TRIALS} …`);
    // Over the trials, the end falls evenly into the time that a part takes to fill.
    const phaseMs = ((trial + 0.5) / TRIALS) * PART_MS;
    ended.push(length.sec > 60 ? await endLong(setup, length, phaseMs) : await endShort(setup, length));
  }
  setup.bench.say(`  ${length.name}, by hand …`);
  return { length, ended, atTheEnd: await storeAtTheEnd(setup, length, ended.at(-1)!.playbackId) };
}

async function endShort(setup: Setup, { sec }: Length): Promise<Ended> {
  await setup.store.setRate(UPLINK_BYTES_PER_SEC);
  const recording = await trigger(setup.service, setup.cameraId);
  await waitForStatus(setup.database, [recording], 'RECORDING');
  await delay(sec * 1_000);
  return endNow(setup, recording);
}

/** The link is wide until the footage of the past is in the store, and narrow before the end comes. */
async function endLong(setup: Setup, { sec }: Length, phaseMs: number): Promise<Ended> {
  const { bench, store, service, database, cameraId } = setup;
  await store.setRate(null);
  const recording = await trigger(service, cameraId);
  await waitForStatus(database, [recording], 'RECORDING');
  await delay(MODEL_MS);
  await service.stop('SIGKILL');
  const pastBytes = await prolong({ recordDir: bench.recordDir, database, recording, lengthSec: sec });
  await service.start();
  const isCaughtUp = ({ safeBytes, pendingBytes }: Progress) =>
    safeBytes > pastBytes - PART_BYTES && pendingBytes < PART_BYTES;
  await waitForParts(database, recording, isCaughtUp);
  await store.setRate(UPLINK_BYTES_PER_SEC);
  const { safeBytes } = await readProgress(database, recording);
  await waitForParts(database, recording, (now) => now.safeBytes > safeBytes);
  await delay(phaseMs);
  return endNow(setup, recording);
}

async function endNow({ store, service, database }: Setup, recording: Recording): Promise<Ended> {
  const endedAtMs = await end(service, recording);
  const [before, { safeBytes }] = await Promise.all([store.sentBytes(), readProgress(database, recording)]);
  const completed = await waitForStatus(database, [recording], 'COMPLETED', 120_000);
  const sentBytes = (await store.sentBytes()) - before;
  const { rssBytes } = await readUsage(service.pid);
  const { playbackId } = recording;
  const unsafeBytes = (await readFootageBytes(database, playbackId)) - safeBytes;
  const ms = completed.get(playbackId)! - endedAtMs;
  const linkMs = (bytes: number) => (bytes / UPLINK_BYTES_PER_SEC) * 1_000;
  return {
    ...{ ms, sentBytes, leastMs: linkMs(sentBytes), unsafeBytes, rssBytes, playbackId },
    footageMs: linkMs(Math.max(unsafeBytes, PART_BYTES)),
    neededMs: linkMs(Math.max(unsafeBytes + (await readHeadBytes(service, playbackId)), PART_BYTES)),
  };
}

/** Of a finished recording: its fragments, each once. */
async function readFootageBytes(database: pg.Pool, playbackId: string): Promise<number> {
  const { rows } = await database.query<{ assembly: string; stream: StreamIndex }>(
    'SELECT assembly, stream FROM playbacks JOIN playback_media ON playback_id = id WHERE id = $1',
    [playbackId],
  );
  const { assembly, stream } = rows[0]!;
  if (assembly !== 'copied') throw new Error(`the footage was ${assembly}`);
  const segments = stream.runs.flatMap((run) => run.segments);
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

interface Progress {
  safeBytes: number;
  pendingBytes: number;
}

async function readProgress(database: pg.Pool, { playbackId }: Recording): Promise<Progress> {
  const { rows } = await database.query<{ safe: string | null; pending: string | null }>(
    'SELECT upload_safe_bytes AS safe, upload_pending_bytes AS pending FROM playback_progress WHERE playback_id = $1',
    [playbackId],
  );
  return { safeBytes: Number(rows[0]?.safe ?? 0), pendingBytes: Number(rows[0]?.pending ?? 0) };
}

async function waitForParts(
  database: pg.Pool,
  recording: Recording,
  holds: (progress: Progress) => boolean,
): Promise<void> {
  const deadlineMs = Date.now() + 300_000;
  while (!holds(await readProgress(database, recording))) {
    if (Date.now() > deadlineMs) throw new Error('the upload does not catch up');
    await delay(50);
  }
}

/** FFmpeg puts the same fragments together, then the SDK's uploader sends the file; long files would take half an hour, so their sending is computed. */
async function storeAtTheEnd({ bench, store, service }: Setup, length: Length, playbackId: string): Promise<AtTheEnd> {
  const file = join(bench.dir, 'by-hand.mp4');
  await store.setRate(null);
  await download(service, playbackId, file);
  await cutIntoFragments(file, `${file}.fragments.mp4`);
  const assemblyMs = await assembleByHand(`${file}.fragments.mp4`, file, { copy: false });
  const { size } = await stat(file);
  await store.setRate(UPLINK_BYTES_PER_SEC);
  const isShort = length.sec <= 60;
  const leastMs = (size / UPLINK_BYTES_PER_SEC) * 1_000;
  const uploadMs = isShort ? await uploadFile(store.address, file, `by-hand/${length.sec}.mp4`) : leastMs;
  for (const each of [file, `${file}.fragments.mp4`]) await rm(each);
  const sending = isShort
    ? 'sent by lib-storage'
    : `its ${Math.round(size / MIB)} MiB at the rate of the link, computed`;
  return { ms: assemblyMs + uploadMs, how: `put together by FFmpeg after the end, then ${sending}` };
}
