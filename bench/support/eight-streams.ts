import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.js';
import { countMissing } from './frames.js';
import { readUsage } from './proc.js';
import { addCameras, download, end, readEnd, trigger, waitForStatus } from './recordings.js';
import { type Row, sum, toRow } from './rows.js';
import { SlowStore } from './slow-store.js';

const CAMERAS = 8;
const STREAM_KBPS = 4_000;
/** A third of what the cameras send. */
const UPLINK_BYTES_PER_SEC = 10_000_000 / 8;
const RECORD_MS = 30_000;
const SETTLE_MS = 5_000;
const SAMPLE_MS = 100;
const MIB = 1024 ** 2;
/** UPLOAD_PARALLEL and UPLOAD_PART_BYTES as they are without configuration. */
const PLACES_MIB = 3 * 5;

/** Eight recordings over an uplink that takes a third of them: what is lost, how much memory does the waiting cost, and is the link kept busy? */
export async function eightStreams(outer: Bench): Promise<Row[]> {
  const bench = await outer.openInner();
  const video = { bitrateKbps: STREAM_KBPS, constantBitrate: true };
  const cameras = await bench.startCameras(CAMERAS, { video });
  const store = await SlowStore.start(bench);
  const { service, database } = await bench.startService(store.env);
  const cameraIds = await addCameras(service, cameras.infos);
  await store.setRate(UPLINK_BYTES_PER_SEC);
  await delay(SETTLE_MS);
  const idleBytes = (await readUsage(service.pid)).rssBytes;
  bench.say(`  ${CAMERAS} recordings of ${STREAM_KBPS / 1_000} Mbit/s over an uplink of 10 Mbit/s …`);
  const sampler = new Peak(service.pid);
  const fromMs = Date.now();
  const recordings = await Promise.all(cameraIds.map((id) => trigger(service, id)));
  await waitForStatus(database, recordings, 'RECORDING');
  await delay(RECORD_MS);
  for (const recording of recordings) await end(service, recording);
  const completed = await waitForStatus(database, recordings, 'COMPLETED', 600_000);
  const peakBytes = await sampler.stop();
  const tookMs = Math.max(...completed.values()) - fromMs;
  const sentBytes = await store.sentBytes();
  const reports = await cameras.report(await Promise.all(recordings.map((each) => readEnd(service, each))));
  await store.setRate(null);
  const missing = [];
  for (const [index, { playbackId }] of recordings.entries()) {
    const file = join(bench.dir, `${index}.mp4`);
    await download(service, playbackId, file);
    missing.push(await countMissing(file, reports[index]!, cameras.infos[index]!.loopLength));
    await rm(file);
  }
  await bench.close();
  const what = '8 recordings of 4 Mbit/s over 10 Mbit/s';
  const frames = {
    ...{ limit: sum(reports.map(({ framesSent }) => framesSent)), unit: 'frames', n: CAMERAS },
    limitIs: 'frames that the cameras sent before the end of their events',
  };
  return [
    toRow({
      ...{ question: `${what}: frames missing inside`, ours: sum(missing.map(({ inside }) => inside)), ...frames },
    }),
    toRow({
      question: `${what}: frames missing at beginnings and ends`,
      ...{ ours: sum(missing.map(({ atEdges }) => atEdges)), ...frames },
    }),
    toRow({
      ...{ question: `${what}: memory of the service, most`, ours: peakBytes / MIB, limit: idleBytes / MIB },
      ...{ unit: 'MiB', n: CAMERAS, limitIs: 'the idle service before' },
    }),
    toRow({
      ...{ question: `${what}: memory that the service grew by, most`, ours: (peakBytes - idleBytes) / MIB },
      ...{ limit: PLACES_MIB, unit: 'MiB', n: CAMERAS, limitIs: 'the three parts that may be on the wire' },
    }),
    toRow({
      ...{ question: `${what}: first trigger to the last COMPLETED`, ours: tookMs, unit: 'ms', n: CAMERAS },
      ...{ limit: (sentBytes / UPLINK_BYTES_PER_SEC) * 1_000, limitIs: 'all that was sent, at the rate of the link' },
    }),
  ];
}

/** The most memory that a process has until it is asked. */
class Peak {
  private mostBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => void this.look().catch(() => undefined), SAMPLE_MS);
  }

  async stop(): Promise<number> {
    clearInterval(this.timer);
    await this.look();
    return this.mostBytes;
  }

  private async look(): Promise<void> {
    const { rssBytes } = await readUsage(this.pid);
    this.mostBytes = Math.max(this.mostBytes, rssBytes);
  }
}
