import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assembleByHand, BareFfmpeg, cutIntoFragments } from './support/bare-ffmpeg.js';
import type { Bench } from './support/bench.js';
import { countMissing, type MissingFrames } from './support/frames.js';
import { addCameras, download, end, readEnd, type Recording, trigger, waitForStatus } from './support/recordings.js';
import { percentileRows, type Row, sum, toRow } from './support/rows.js';

const CAMERAS = 50;
const RECORD_MS = 20_000;
/** As many as the service finalises at once (JOB_CONCURRENCY). */
const FINISHED_AT_ONCE = 4;

interface Ended {
  recording: Recording;
  endedAtMs: number;
}

/** Does every frame of fifty cameras that are recorded at once reach its object, and when are the objects there after all end at once? */
export async function run(bench: Bench): Promise<Row[]> {
  const cameras = await bench.startCameras(CAMERAS);
  const { service, database } = await bench.startService();
  const cameraIds = await addCameras(service, cameras.infos);
  bench.say(`  ${CAMERAS} cameras record for ${RECORD_MS / 1_000} s …`);
  const recordings = await Promise.all(cameraIds.map((id) => trigger(service, id)));
  const begun = await waitForStatus(database, recordings, 'RECORDING');
  await delay(RECORD_MS);
  const ended = await Promise.all(
    recordings.map(async (recording): Promise<Ended> => ({ recording, endedAtMs: await end(service, recording) })),
  );
  const completed = await waitForStatus(database, recordings, 'COMPLETED', 120_000);
  const reports = await cameras.report(await Promise.all(ended.map((each) => readEnd(service, each.recording))));

  const bareFirstMs = await Promise.all(
    cameras.infos.map(({ rtspUrlWithCredentials: url }) => BareFfmpeg.timeFirst(bench, 'fragment', url)),
  );

  bench.say(`  reading the frame counters of ${CAMERAS} objects …`);
  const missing: MissingFrames[] = [];
  const fragments: string[] = [];
  for (const [index, { recording }] of ended.entries()) {
    const file = join(bench.dir, `${index}.mp4`);
    await download(service, recording.playbackId, file);
    missing.push(await countMissing(file, reports[index]!, cameras.infos[index]!.loopLength));
    fragments.push(join(bench.dir, `${index}.fragments.mp4`));
    await cutIntoFragments(file, fragments[index]!);
    await rm(file);
  }
  const firstMs = recordings.map(({ playbackId, triggeredAtMs }) => begun.get(playbackId)! - triggeredAtMs);
  const endMs = ended.map(({ recording, endedAtMs }) => completed.get(recording.playbackId)! - endedAtMs);
  const byHand = await assembleAll(fragments);
  const sent = sum(reports.map(({ framesSent }) => framesSent));
  const count = { unit: 'frames', n: CAMERAS, limitIs: 'frames that the cameras sent before the end of their events' };
  const sessions = Math.max(...reports.map(({ sessionsOpened }) => sessionsOpened));
  return [
    toRow({
      question: 'frames missing inside 50 objects',
      ours: sum(missing.map(({ inside }) => inside)),
      ...{ limit: sent, ...count },
    }),
    toRow({
      question: 'frames missing at their beginnings and ends',
      ours: sum(missing.map(({ atEdges }) => atEdges)),
      ...{ limit: sent, ...count },
    }),
    toRow({
      ...{ question: 'RTSP sessions opened per camera, most', ours: sessions, limit: 1 },
      ...{ unit: 'sessions', n: CAMERAS, limitIs: 'one session' },
    }),
    toRow({
      ...{ question: 'playbacks COMPLETED', ours: completed.size, limit: CAMERAS },
      ...{ unit: 'playbacks', n: CAMERAS, limitIs: 'the triggers' },
    }),
    ...percentileRows({
      ...{ question: '50 ends at once: end to COMPLETED', ours: endMs, limit: byHand, unit: 'ms' },
      limitIs: `the same footage put together by hand and copied, ${FINISHED_AT_ONCE} at a time`,
    }),
    ...percentileRows({
      ...{ question: '50 cold triggers at once: to first fragment', ours: firstMs, limit: bareFirstMs, unit: 'ms' },
      limitIs: '50 bare FFmpegs started at once: start to first fragment',
    }),
  ];
}

/** Milliseconds from the start of all until each is done. */
async function assembleAll(files: readonly string[]): Promise<number[]> {
  const fromMs = performance.now();
  const doneMs: number[] = [];
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      await assembleByHand(file, `${file}.out.mp4`);
      doneMs.push(performance.now() - fromMs);
    }
  };
  await Promise.all(Array.from({ length: FINISHED_AT_ONCE }, work));
  return doneMs;
}
