import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf } from '@hindsight/client';
import { freePort } from '../free-port.js';
import { ServiceProcess } from '../service-process.js';
import { CAMERA_LOGIN, type LabCamera, LabCameras, planCameras } from './cameras.js';
import { findDoubles } from './heard.js';
import { judgeAll } from './judge-all.js';
import { Killer, type PerformedKill } from './killer.js';
import { type CampaignPlan, planCampaign, type PlanOptions } from './plan.js';
import { findMarked } from './processes.js';
import { makeRecording, type MadeRecording, settleRecordings } from './recordings.js';
import { SupervisedService } from './supervised-service.js';
import { at, type CampaignEvidence, judgeCampaign, type Verdict } from './verdict.js';

const MARK = 'HINDSIGHT_FAULT_LAB';
/** FFmpegs whose service was killed end at their next write, or when their time-out says so. */
const ORPHAN_PATIENCE_MS = 15_000;

export interface CampaignOptions extends PlanOptions {
  /** Everything of the campaign is kept there. */
  dir: string;
  /** Rows that are not final so long after the last end are stuck. */
  settleMs: number;
  fragmentMs: number;
  say: (line: string) => void;
  /** Another build than `dist/main.js`. */
  entry?: string;
  /** Over what the service gets. */
  env?: Record<string, string | undefined>;
  /** Ends the campaign before its time: what it has started is stopped, and there is no result. */
  signal?: AbortSignal;
}

export interface CampaignResult {
  plan: CampaignPlan;
  evidence: CampaignEvidence;
  verdict: Verdict;
}

interface Stage {
  service: SupervisedService;
  cameras: LabCameras;
  setups: LabCamera[];
  cameraIds: string[];
}

/**
 * Records virtual cameras with the real service while it and its helpers are killed, and counts what that cost.
 * @throws the reason of `signal`
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { dir, signal } = options;
  const setups = planCameras(options.cameras);
  await mkdir(dir, { recursive: true });
  const cameras = await LabCameras.start(setups);
  const service = await planService(options);
  try {
    return await Promise.race([run({ service, cameras, setups }, options), rejectOnAbort(signal)]);
  } finally {
    await service.stop();
    await cameras.stop();
  }
}

async function run(
  { service, cameras, setups }: Omit<Stage, 'cameraIds'>,
  options: CampaignOptions,
): Promise<CampaignResult> {
  const { dir, say } = options;
  const plan = planCampaign(options);
  await service.start();
  const cameraIds = await addCameras(service, cameras, setups);
  const stage = { service, cameras, setups, cameraIds };
  const { kills, made } = await perform(plan, stage, options);
  say('waiting until every recording has its end …');
  await settleRecordings(service, made, Date.now() + options.settleMs);
  say('looking at the objects …');
  const recordings = await judgeAll(made, { ...stage, dir });
  await service.stop();
  const orphans = await findOrphans(dir);
  const doubles = await findAllDoubles(cameras, setups);
  const evidence = {
    ...{ kills, recordings, orphans, doubles, fragmentMs: options.fragmentMs },
    cameras: setups.map(({ name }, index) => ({ name, fps: cameras.infos[index]!.fps })),
  };
  return { plan, evidence, verdict: judgeCampaign(evidence) };
}

function rejectOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}

async function planService({ dir, entry, env, fragmentMs }: CampaignOptions): Promise<SupervisedService> {
  const port = await freePort();
  const childEnv = [process.env['CHILD_ENV'], MARK].filter(Boolean).join(',');
  const supervised = new ServiceProcess({
    cwd: dir,
    env: {
      ...{ DATABASE_URL: undefined, STORAGE_MODE: 'local', LOG_LEVEL: 'debug', LOGINS_PER_MINUTE: '10000' },
      ...{ HOST: '127.0.0.1', PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` },
      ...{ DATA_DIR: join(dir, 'data'), CAMERA_ALLOWED_CIDRS: '127.0.0.0/8', MIN_FREE_DISK_BYTES: '0' },
      ...{ FRAGMENT_MS: String(fragmentMs), [MARK]: dir, ...env },
      CHILD_ENV: childEnv,
    },
    logFile: join(dir, 'service.log'),
    ...(entry === undefined ? {} : { entry }),
  });
  return new SupervisedService(supervised);
}

async function addCameras(
  service: SupervisedService,
  { infos }: LabCameras,
  setups: readonly LabCamera[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, { name, preRollSec, postRollSec, onvif }] of setups.entries()) {
    const { rtspUrl, onvifHost: host, onvifPort: port } = infos[index]!;
    const where = onvif ? { onvif: { host, port, ...CAMERA_LOGIN } } : { rtspUrl, ...CAMERA_LOGIN };
    const body = { name, preRollSec, postRollSec, ...where };
    ids.push((await bodyOf(service.process.api.POST('/cameras', { body }))).id);
  }
  // Warm cameras get their first footage, so that pre-roll can be had from the start.
  await delay(
    Math.max(...setups.map(({ preRollSec, gopSec }) => (preRollSec > 0 ? preRollSec + gopSec + 2 : 0))) * 1_000,
  );
  return ids;
}

async function perform(
  plan: CampaignPlan,
  { service, cameras, cameraIds }: Stage,
  { dir, say }: CampaignOptions,
): Promise<{ kills: PerformedKill[]; made: MadeRecording[] }> {
  const startMs = Date.now();
  const killer = new Killer({ service, cameras: cameras.infos, mark: `${MARK}=${dir}`, dataDir: join(dir, 'data') });
  let done = 0;
  const recordings = plan.recordings.map(async (planned) => {
    const made = await makeRecording(service, planned, { cameraId: cameraIds[planned.cameraIndex]!, startMs });
    done += 1;
    return made;
  });
  const kills: PerformedKill[] = [];
  for (const planned of plan.kills) {
    await delay(Math.max(0, startMs + planned.atMs - Date.now()));
    const kill = await killer.strike(planned);
    kills.push(kill);
    const hit = kill.pids.length > 0 ? `pid ${kill.pids.join(', ')}` : 'nothing of that kind ran';
    const line = `${at(kill.atMs)}  kill ${kills.length} of ${plan.kills.length}: ${kill.kind} (${hit})`;
    appendFileSync(
      join(dir, 'kills.log'),
      `${line}, cameras ${kill.cameraIndexes.map((each) => each + 1).join(' ')}\n`,
    );
    say(`${line}, ${done} of ${recordings.length} recordings have ended`);
  }
  return { kills, made: await Promise.all(recordings) };
}

async function findAllDoubles(cameras: LabCameras, setups: readonly LabCamera[]): Promise<string[]> {
  const reports = await Promise.all(setups.map((_, index) => cameras.sent(index)));
  return reports.flatMap((report, index) =>
    findDoubles(report, 'main').map((each) => `${setups[index]!.name}: ${each}`),
  );
}

async function findOrphans(dir: string): Promise<string[]> {
  const find = async () => (await findMarked(`${MARK}=${dir}`)).concat(await findMarked(join(dir, 'data')));
  let left = await find();
  for (const deadlineMs = Date.now() + ORPHAN_PATIENCE_MS; left.length > 0 && Date.now() < deadlineMs;) {
    await delay(100);
    left = await find();
  }
  const unique = new Map(left.map(({ pid, commandLine }) => [pid, `${pid} ${commandLine.slice(0, 200)}`]));
  return [...unique.values()];
}
