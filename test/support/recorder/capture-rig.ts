import { createRequire } from 'node:module';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import type { Camera } from '../../../src/schema/camera.entity.js';
import { mainStream } from '../../../src/schema/stream-id.js';
import type { StreamLocator } from '../../../src/modules/camera/stream-locator.service.js';
import { CameraCapture } from '../../../src/modules/capture/camera-capture.js';
import type { CaptureDeps, CaptureLimits } from '../../../src/modules/capture/capture-deps.js';
import { CameraTrials } from '../../../src/modules/capture/domain/camera-trials.js';
import type { CaptureFailure } from '../../../src/modules/capture/domain/failure.js';
import type { StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import type { NotedInterruption } from '../../../src/modules/catalogue/interruption.repository.js';
import { ToldJumps } from '../../../src/modules/capture/domain/told-jumps.js';
import { FragmentLog } from '../../../src/modules/footage/fragment-log.store.js';
import { findMediaTools, type MediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { FFPROBE } from '../ffprobe.js';

/** The build that a machine without FFmpeg falls back to. */
export const SHIPPED_FFMPEG = (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;

/** What is captured. */
export const CAM = mainStream('cam');

/** Times are short, so that faults are noticed soon. */
export const RIG_LIMITS: CaptureLimits = {
  connectTimeoutMs: 5_000,
  stallTimeoutMs: 4_000,
  keyFrameTimeoutMs: 30_000,
  lookTimeoutMs: 30_000,
  stopTimeoutMs: 2_000,
  fragmentMs: 1_000,
  maxLoginPauseMs: 300_000,
};

const found = new Map<string | undefined, Promise<MediaTools>>();

/** The FFmpeg that is found by itself, or the one at `path`, with the tests' ffprobe; asked once what it can, which takes it half a second. */
export function findTools(path?: string): Promise<MediaTools> {
  const env = { FFPROBE_PATH: FFPROBE, ...(path ? { FFMPEG_PATH: path } : {}) };
  const tools = found.get(path) ?? findMediaTools(loadConfig(env), createLogger('silent'));
  found.set(path, tools);
  return tools;
}

export interface CaptureRig {
  log: FragmentLog;
  dir: string;
  capture: CameraCapture;
  /** The camera's row. */
  row: Camera;
  /** Where the capture has it from. */
  source: { load: () => Promise<Camera> };
  /** What the capture told. */
  told: {
    fragments: StoredFragment[];
    failures: CaptureFailure[];
    /** The last word about each. */
    interruptions: NotedInterruption[];
    starts: number;
    idles: number;
  };
  remove(): Promise<void>;
}

export interface CaptureRigOptions {
  tools?: MediaTools;
  deps?: Partial<CaptureDeps>;
  recordAudio?: boolean;
}

/** One camera's capture on a fragment log of its own, without a database. */
export async function makeCaptureRig(camera: VirtualCamera, options: CaptureRigOptions = {}): Promise<CaptureRig> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-capture-'));
  const logger = createLogger('silent');
  const log = new FragmentLog(dir, { segmentMs: 10_000, fsyncMs: 2_000 }, logger);
  const location = {
    ...{ url: camera.rtspUrl, address: '127.0.0.1', port: camera.rtspPort, source: 'rtspUrl' as const },
    ...(camera.username === undefined ? {} : { username: camera.username }),
    ...(camera.password === undefined ? {} : { password: camera.password }),
  };
  const deps: CaptureDeps = {
    locator: { locate: async () => location } as unknown as StreamLocator,
    tools: options.tools ?? (await findTools()),
    limits: RIG_LIMITS,
    nowMs: () => Date.now(),
    refusal: async () => null,
    ...{ jumps: new ToldJumps(), trials: new CameraTrials() },
    ...{ log, logger },
    ...options.deps,
  };
  const told: CaptureRig['told'] = { fragments: [], failures: [], interruptions: [], starts: 0, idles: 0 };
  const row = { id: CAM.cameraId, recordAudio: options.recordAudio ?? true, updatedAt: new Date() } as Camera;
  const source = { load: async () => row };
  const capture = new CameraCapture(CAM, () => source.load(), deps, {
    onFragment: (_capture, fragment) => told.fragments.push(fragment),
    onFailure: (failure) => told.failures.push(failure),
    onInterruption: (interruption) => {
      const known = told.interruptions.findIndex(({ id }) => id === interruption.id);
      told.interruptions.splice(known < 0 ? told.interruptions.length : known, 1, interruption);
    },
    onStarted: () => (told.starts += 1),
    onIdle: () => (told.idles += 1),
  });
  const remove = async () => {
    capture.kill();
    await capture.idle();
    await rm(dir, { recursive: true, force: true });
  };
  return { log, dir, capture, row, source, told, remove };
}
