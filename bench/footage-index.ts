import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SystemClock } from '../src/common/clock.js';
import { createLogger } from '../src/common/logging.js';
import { loadConfig } from '../src/config/app-config.js';
import { mainStream } from '../src/schema/stream-id.js';
import { ClosedSegments } from '../src/modules/footage/closed-segments.store.js';
import { FragmentLog } from '../src/modules/footage/fragment-log.store.js';
import type { LogArchivist } from '../src/modules/archive/index.js';
import type { WarmCameraRepository } from '../src/modules/camera/index.js';
import type { NodeIdentity } from '../src/modules/cluster/index.js';
import type { AssembledFiles, DiskSpace } from '../src/modules/footage/index.js';
import type { AbandonedHomes } from '../src/modules/log-sweep/abandoned-homes.js';
import { LogSweeper } from '../src/modules/log-sweep/log-sweeper.service.js';
import { KeptRanges } from '../src/modules/log-sweep/kept-ranges.js';
import { RingRanges } from '../src/modules/log-sweep/ring-ranges.js';
import type { UnsafeRangesRepository } from '../src/modules/log-sweep/unsafe-ranges.repository.js';
import type { Bench } from './support/bench.js';
import { FRAGMENTS_PER_SEGMENT, makeNoted, makeReadable, SEGMENT_MS } from './support/day-log.js';
import { type Row, toRow } from './support/rows.js';

const CAMERAS = 50;
const HOURS = 24;
const SEGMENTS_PER_HOUR = 3_600_000 / SEGMENT_MS;
const SEGMENTS = HOURS * SEGMENTS_PER_HOUR;
/** Of one camera, whose log is read without its notes too. */
const READABLE_SEGMENTS = 2 * SEGMENTS_PER_HOUR;
const SWEEPS = 5;
const logger = createLogger('error');

/** What does a log of 50 cameras and 24 hours cost: memory, a start, a sweep? */
export async function run(bench: Bench): Promise<Row[]> {
  const rootDir = join(bench.dir, 'home');
  bench.say(`  a log of ${(CAMERAS * SEGMENTS * FRAGMENTS_PER_SEGMENT).toLocaleString('en')} fragments is made …`);
  for (let camera = 0; camera < CAMERAS; camera += 1) await makeNoted(rootDir, `camera-${camera}`, SEGMENTS);
  const [memory, log] = await measureMemory(bench, rootDir);
  return [memory, await measureStart(bench), ...(await measureSweeps(bench, rootDir, log))];
}

/** Of an hour of one camera. */
async function measureMemory(bench: Bench, rootDir: string): Promise<[Row, FragmentLog]> {
  bench.say('  memory …');
  const log = new FragmentLog(rootDir, { segmentMs: SEGMENT_MS, fsyncMs: 0 }, logger);
  const before = usedBytes();
  const fromMs = performance.now();
  for (const stream of await log.findStreams()) await log.listCaptures(stream);
  bench.say(`  opened in ${Math.round(performance.now() - fromMs)} ms`);
  const ours = (usedBytes() - before) / (CAMERAS * HOURS);
  const made = await makeReadable(join(bench.dir, 'hour'), 'camera', SEGMENTS_PER_HOUR);
  const [capture] = await new FragmentLog(made.rootDir, { segmentMs: SEGMENT_MS, fsyncMs: 0 }, logger).listCaptures(
    mainStream('camera'),
  );
  const empty = usedBytes();
  const hour = new ClosedSegments();
  for (const segment of capture!.sealed.names()) await hour.scan(made.dir, segment, capture!.init);
  const limit = usedBytes() - empty;
  const question = `memory of a sealed hour, ${CAMERAS} cameras of ${HOURS} h`;
  const limitIs = 'its fragments in memory';
  return [toRow({ question, ours, limit, unit: 'bytes', n: CAMERAS * HOURS, limitIs }), log];
}

/** Of one camera: with notes, and without them. */
async function measureStart(bench: Bench): Promise<Row> {
  bench.say('  start …');
  const { rootDir } = await makeReadable(join(bench.dir, 'start'), 'camera', READABLE_SEGMENTS);
  const open = async () => {
    const fromMs = performance.now();
    await new FragmentLog(rootDir, { segmentMs: SEGMENT_MS, fsyncMs: 0 }, logger).listCaptures(mainStream('camera'));
    return performance.now() - fromMs;
  };
  const limit = await open();
  const ours = await open();
  await rm(rootDir, { recursive: true });
  const question = `start with a log of ${READABLE_SEGMENTS} segments of ${FRAGMENTS_PER_SEGMENT} fragments`;
  return toRow({ question, ours, limit, unit: 'ms', n: 1, limitIs: 'every moof read, as where nothing is noted' });
}

async function measureSweeps(bench: Bench, rootDir: string, log: FragmentLog): Promise<Row[]> {
  bench.say(`  ${SWEEPS} sweeps …`);
  const sweep = await makeSweep(rootDir, log, HOURS + 1);
  await sweep();
  const fromMs = performance.now();
  const busy = await longestPause(async () => {
    for (let turn = 0; turn < SWEEPS; turn += 1) await sweep();
  });
  const sweepMs = (performance.now() - fromMs) / SWEEPS;
  const idle = await longestPause(() => delay(sweepMs * SWEEPS));
  const fragments = Array.from({ length: SEGMENTS * FRAGMENTS_PER_SEGMENT }, (_, index) => ({ endMs: index }));
  const walkFromMs = performance.now();
  for (let camera = 0; camera < CAMERAS; camera += 1)
    fragments.filter(({ endMs }) => endMs > camera).sort((a, b) => b.endMs - a.endMs);
  const walkMs = performance.now() - walkFromMs;
  bench.say('  a sweep that frees an hour of each …');
  const free = await makeSweep(rootDir, log, HOURS - 1);
  const freeFromMs = performance.now();
  const freeing = await longestPause(free);
  const freeMs = performance.now() - freeFromMs;
  const idleToo = await longestPause(() => delay(freeMs));
  const of = `${CAMERAS} cameras of ${HOURS} h`;
  return [
    toRow({
      question: `a sweep that frees an hour of each of ${of}: longest pause of the event loop`,
      ...{ ours: freeing, limit: idleToo, unit: 'ms', n: 1, limitIs: 'an idle loop for as long' },
    }),
    toRow({
      question: `a sweep over ${of}: longest pause of the event loop`,
      ...{ ours: busy, limit: idle, unit: 'ms', n: SWEEPS, limitIs: 'an idle loop for as long' },
    }),
    toRow({
      question: `a sweep over ${of}: time`,
      ...{ ours: sweepMs, limit: walkMs, unit: 'ms', n: SWEEPS, limitIs: 'as many fragments filtered and sorted once' },
    }),
  ];
}

/**
 * A sweep as the service has it, with every camera warm, and its footage wanted for so many hours: for more than there are, nothing goes.
 */
async function makeSweep(rootDir: string, log: FragmentLog, keptHours: number): Promise<() => Promise<void>> {
  const streams = await log.findStreams();
  const config = loadConfig({ RECORD_DIR: rootDir, RING_MAX_BYTES: String(2 ** 40), RING_EXTRA_SEC: '0' });
  const needed = streams.map((stream, index) => ({
    playbackId: stream.cameraId,
    stream,
    startMs: Date.now() - index * 60_000,
    endMs: null,
  }));
  const warm = streams.map((stream) => ({ stream, preRollSec: keptHours * 3_600, isContinuous: false }));
  const disk = { isLow: false } as DiskSpace;
  const warmCameras = { findAll: () => Promise.resolve(warm) } as unknown as WarmCameraRepository;
  const retention = new LogSweeper(
    log,
    { list: () => Promise.resolve([]) } as unknown as AssembledFiles,
    { find: () => Promise.resolve(needed) } as unknown as UnsafeRangesRepository,
    new KeptRanges(new RingRanges(config, new SystemClock(), warmCameras, disk), {
      keptFrom: () => null,
    } as unknown as LogArchivist),
    { sweep: () => Promise.resolve() } as unknown as AbandonedHomes,
    { nodeId: 'bench' } as NodeIdentity,
    disk,
    logger,
  );
  // Private: the service is never asked to sweep, it is woken.
  return () => (retention as unknown as { sweep(): Promise<void> }).sweep();
}

/** How long the event loop did nothing else while `work` ran. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let [longestMs, lastMs] = [0, performance.now()];
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  await work();
  await delay(50);
  clearInterval(timer);
  return longestMs;
}

/** After everything that nobody needs has been thrown away. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
