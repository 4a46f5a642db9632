import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf, type PlaybackResponse } from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import type { ServiceProcess } from '../tools/service-process.js';
import { BareFfmpeg } from './support/bare-ffmpeg.js';
import { type Bench, CAMERA_LOGIN } from './support/bench.js';
import { childrenOf } from './support/proc.js';
import { end, trigger, waitForStatus } from './support/recordings.js';
import { percentileRows, type Row } from './support/rows.js';

const KILLS = 10;
const REBOOTS = 5;
const REBOOT_SEC = 3;
const GOP_SEC = 1;
const BETWEEN_MS = 4_000;

/** How much of a recording is missing after FFmpeg was killed, after the service was killed, after the camera was away? */
export async function run(bench: Bench): Promise<Row[]> {
  const camera = await startVirtualCamera({ gopSec: GOP_SEC, ...CAMERA_LOGIN });
  bench.onClose(() => camera.stop());
  const { service, database } = await bench.startService();
  const { rtspUrl } = camera;
  const body = { name: 'camera', rtspUrl, ...CAMERA_LOGIN, maxRecordingSec: 600 };
  const { id: cameraId } = await bodyOf(service.api.POST('/cameras', { body }));

  /** Gaps of one recording in which `happens` came so many times. */
  const gapsAfter = async (times: number, happens: () => Promise<void>): Promise<number[]> => {
    const recording = await trigger(service, cameraId);
    await waitForStatus(database, [recording], 'RECORDING');
    for (let n = 0; n < times; n += 1) {
      await delay(BETWEEN_MS + (n * GOP_SEC * 1_000) / times);
      await happens();
    }
    await delay(BETWEEN_MS);
    await end(service, recording);
    await waitForStatus(database, [recording], 'COMPLETED');
    const path = { id: recording.playbackId };
    return gapsOf(await bodyOf(service.api.GET('/playbacks/{id}', { params: { path } })), times);
  };

  bench.say(`  bare FFmpeg opens the camera ${KILLS} times …`);
  const bare = await timeBare(bench, camera);
  bench.say(`  FFmpeg is killed ${KILLS} times …`);
  const ffmpegKilled = await gapsAfter(KILLS, async () => {
    for (const pid of await childrenOf(service.pid)) process.kill(pid, 'SIGKILL');
    await untilCaptured(service);
  });
  bench.say(`  the service is killed ${REBOOTS} times …`);
  const serviceKilled = await gapsAfter(REBOOTS, async () => {
    await service.stop('SIGKILL');
    await service.start();
    await untilCaptured(service);
  });
  bench.say(`  the camera is away for ${REBOOT_SEC} s, ${REBOOTS} times …`);
  const rebooted = await gapsAfter(REBOOTS, async () => {
    await camera.reboot({ forSec: REBOOT_SEC });
    await untilCaptured(service);
  });
  const opened = 'bare FFmpeg: start to first fragment';
  return [
    ...compare('FFmpeg killed: footage missing', ffmpegKilled, bare, opened),
    ...compare('service killed and started again: footage missing', serviceKilled, bare, opened),
    ...compare(
      `camera away for ${REBOOT_SEC} s: footage missing`,
      rebooted,
      bare.map((ms) => REBOOT_SEC * 1_000 + ms),
      `the time it was away, and ${opened}`,
    ),
  ];
}

async function timeBare(bench: Bench, { rtspUrlWithCredentials: url }: VirtualCamera): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < KILLS; n += 1) {
    await delay((n * GOP_SEC * 1_000) / KILLS);
    times.push(await BareFfmpeg.timeFirst(bench, 'fragment', url));
  }
  return times;
}

async function untilCaptured(service: ServiceProcess): Promise<void> {
  await service.waitFor(async () => ((await childrenOf(service.pid)).length > 0 ? true : undefined));
}

/** The wait for a cold camera's first picture is not counted. */
function gapsOf({ completeness: { gaps } }: PlaybackResponse, times: number): number[] {
  const found = gaps.filter(({ cause }) => cause !== 'camera_starting');
  if (found.length !== times) throw new Error(`${times} interruptions left ${JSON.stringify(gaps)}`);
  return found.map(({ startAt, endAt }) => Date.parse(endAt) - Date.parse(startAt));
}

function compare(question: string, ours: readonly number[], limit: readonly number[], limitIs: string): Row[] {
  return percentileRows({ question, ours, limit, unit: 'ms', limitIs });
}
