import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { ServiceProcess } from '../../tools/service-process.js';
import type { Bench } from './bench.js';
import type { Cameras } from './cameras.js';
import { countMissing, type MissingFrames } from './frames.js';
import { PeakMemory } from './proc.js';
import { addCameras, download, end, readEnd, type Recording, trigger, waitForStatus } from './recordings.js';
import { type Row, sum, toRow } from './rows.js';
import { SlowStore } from './slow-store.js';

const CAMERAS = 8;
const STREAM_KBPS = 4_000;
/** A third of what the cameras send. */
const UPLINK_BYTES_PER_SEC = 10_000_000 / 8;
const RECORD_MS = 30_000;
const SETTLE_MS = 5_000;
const MIB = 1024 ** 2;

interface Setup {
  bench: Bench;
  cameras: Cameras;
  store: SlowStore;
  service: ServiceProcess;
  database: pg.Pool;
}

interface Round {
  recordings: Recording[];
  /** Of the service, until the last object was complete. */
  peakBytes: number;
  /** From the first trigger to the last object. */
  tookMs: number;
  sentBytes: number;
}

/** Eight recordings over an uplink that takes a third of them: what is lost, how much memory does the waiting cost, and is the link kept busy? */
export async function eightStreams(outer: Bench): Promise<Row[]> {
  const bench = await outer.openInner();
  const video = { bitrateKbps: STREAM_KBPS, constantBitrate: true };
  // Of each camera only the first session is counted, so the second round has cameras of its own.
  const cameras = await bench.startCameras(2 * CAMERAS, { video });
  const store = await SlowStore.start(bench);
  const { service, database } = await bench.startService(store.env);
  const cameraIds = await addCameras(service, cameras.infos);
  const setup = { bench, cameras, store, service, database };
  bench.say(`  ${CAMERAS} recordings of ${STREAM_KBPS / 1_000} Mbit/s over a wide uplink …`);
  const wide = await recordAll(setup, cameraIds.slice(0, CAMERAS), null);
  bench.say('  the same over 10 Mbit/s …');
  const narrow = await recordAll(setup, cameraIds.slice(CAMERAS), UPLINK_BYTES_PER_SEC);
  await store.setRate(null);
  const rows = rowsOf(wide, narrow, await findMissing(setup, narrow.recordings));
  await bench.close();
  return rows;
}

async function recordAll(
  { store, service, database }: Setup,
  cameraIds: readonly string[],
  rate: number | null,
): Promise<Round> {
  await store.setRate(rate);
  await delay(SETTLE_MS);
  const memory = new PeakMemory(service.pid);
  const [fromMs, fromBytes] = [Date.now(), await store.sentBytes()];
  const recordings = await Promise.all(cameraIds.map((id) => trigger(service, id)));
  await waitForStatus(database, recordings, 'RECORDING');
  await delay(RECORD_MS);
  for (const recording of recordings) await end(service, recording);
  const completed = await waitForStatus(database, recordings, 'COMPLETED', 600_000);
  const tookMs = Math.max(...completed.values()) - fromMs;
  return { recordings, peakBytes: await memory.stop(), tookMs, sentBytes: (await store.sentBytes()) - fromBytes };
}

interface Missing {
  frames: MissingFrames[];
  sent: number;
}

async function findMissing({ bench, cameras, service }: Setup, recordings: readonly Recording[]): Promise<Missing> {
  const ends = await Promise.all(recordings.map((each) => readEnd(service, each)));
  const reports = (await cameras.report([...Array<number>(CAMERAS).fill(Infinity), ...ends])).slice(CAMERAS);
  const frames: MissingFrames[] = [];
  for (const [index, { playbackId }] of recordings.entries()) {
    const file = join(bench.dir, `${index}.mp4`);
    await download(service, playbackId, file);
    frames.push(await countMissing(file, reports[index]!, cameras.infos[CAMERAS + index]!.loopLength));
    await rm(file);
  }
  return { frames, sent: sum(reports.map(({ framesSent }) => framesSent)) };
}

function rowsOf(wide: Round, narrow: Round, { frames, sent }: Missing): Row[] {
  const what = `${CAMERAS} recordings of 4 Mbit/s over 10 Mbit/s`;
  const n = CAMERAS;
  const sentFrames = { limit: sent, unit: 'frames', n, limitIs: 'frames that the cameras sent until the events ended' };
  return [
    toRow({
      ...{ question: `${what}: frames missing inside`, ours: sum(frames.map(({ inside }) => inside)), ...sentFrames },
    }),
    toRow({
      ...{ question: `${what}: frames missing at the edges`, ours: sum(frames.map(({ atEdges }) => atEdges)) },
      ...sentFrames,
    }),
    toRow({
      ...{ question: `${what}: memory of the service, most`, ours: narrow.peakBytes / MIB, unit: 'MiB', n },
      ...{ limit: wide.peakBytes / MIB, limitIs: 'the same before it, over an uplink that takes everything' },
    }),
    toRow({
      ...{ question: `${what}: first trigger to the last COMPLETED`, ours: narrow.tookMs, unit: 'ms', n },
      limit: (narrow.sentBytes / UPLINK_BYTES_PER_SEC) * 1_000,
      limitIs: 'all that was sent, at the rate of the link',
    }),
  ];
}
