import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf } from '@hindsight/client';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { startHostileCamera } from '../test/faults/support/hostile-camera.js';
import { floodLogins } from '../test/support/logins.js';
import type { ServiceProcess } from '../tools/service-process.js';
import { type Bench, CAMERA_LOGIN } from './support/bench.js';
import { addCameras, end, trigger, waitForStatus } from './support/recordings.js';
import { percentile, percentileRows, type Row, toRow } from './support/rows.js';

const PHASE_MS = 15_000;
const ROUNDS = 2;
const PRE_ROLL_SEC = 5;
/** Between two questions, so that what is measured is the answer and not the asking. */
const PAUSE_MS = 20;
const SECOND_MS = 1_000;

type Neighbour = (service: ServiceProcess) => Promise<() => Promise<void>>;

/** It is asked again and again, since it is to be warm. */
const drippingCamera: Neighbour = async (service) => {
  const hostile = await startHostileCamera();
  const body = { name: 'hostile', rtspUrl: hostile.rtspUrl, preRollSec: PRE_ROLL_SEC };
  const { id } = await bodyOf(service.api.POST('/cameras', { body }));
  await service.waitFor(() => (hostile.conversations() > 0 ? true : undefined));
  return async () => {
    await bodyOf(service.api.DELETE('/cameras/{id}', { params: { path: { id } } }));
    await hostile.stop();
  };
};

const loginFlood: Neighbour = (service) => {
  const flood = floodLogins(service.baseUrl, { logins: 1_000, addresses: 100 });
  return Promise.resolve(async () => void (await flood));
};

const NEIGHBOURS: Record<string, Neighbour> = {
  'a camera that drips its answers': drippingCamera,
  '1,000 logins from 100 addresses': loginFlood,
};

/** What does somebody hostile cost the API, by turns with nobody, while a camera is recorded? */
export async function run(bench: Bench): Promise<Row[]> {
  const camera = await startVirtualCamera({ ...CAMERA_LOGIN });
  bench.onClose(() => camera.stop());
  const { service, database } = await bench.startService({ LOGINS_PER_MINUTE: '10' });
  const [cameraId] = await addCameras(service, [camera], { preRollSec: PRE_ROLL_SEC });
  await delay(2 * PRE_ROLL_SEC * SECOND_MS);
  const recording = await trigger(service, cameraId!);
  await waitForStatus(database, [recording], 'RECORDING');
  const rows: Row[] = [];
  for (const [who, neighbour] of Object.entries(NEIGHBOURS)) {
    bench.say(`  ${who}, and nobody, by turns …`);
    const [quiet, hostile]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      quiet.push(...(await answersDuring(service)));
      const leave = await neighbour(service);
      hostile.push(...(await answersDuring(service)));
      await leave();
    }
    const limitIs = 'the same with nobody hostile';
    rows.push(
      ...percentileRows({ question: `GET /cameras beside ${who}`, ours: hostile, limit: quiet, unit: 'ms', limitIs }),
      toRow({
        question: `the slowest of them beside ${who}`,
        ...{ ours: percentile(hostile, 1), limit: SECOND_MS, unit: 'ms', n: hostile.length },
        limitIs: `one second; with nobody hostile the slowest took ${Math.round(percentile(quiet, 1))} ms`,
      }),
    );
  }
  await end(service, recording);
  await waitForStatus(database, [recording], 'COMPLETED');
  const path = { id: recording.playbackId };
  const { completeness } = await bodyOf(service.api.GET('/playbacks/{id}', { params: { path } }));
  const { expectedMs, storedMs, gaps } = completeness;
  const limitIs = 'what was recorded meanwhile';
  return [
    ...rows,
    toRow({
      question: 'footage missing',
      ours: expectedMs! - storedMs!,
      limit: expectedMs!,
      unit: 'ms',
      n: gaps.length,
      limitIs,
    }),
  ];
}

async function answersDuring(service: ServiceProcess): Promise<number[]> {
  const answers: number[] = [];
  const untilMs = performance.now() + PHASE_MS;
  while (performance.now() < untilMs) {
    const fromMs = performance.now();
    await service.call('GET', '/cameras');
    answers.push(performance.now() - fromMs);
    await delay(PAUSE_MS);
  }
  return answers;
}
