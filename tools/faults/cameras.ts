import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CameraProfileName, SentReport, VirtualCameraOptions } from '@hindsight/virtual-camera';
import type { CameraInfo } from './camera-worker.js';

const WORKER = fileURLToPath(new URL('camera-worker.ts', import.meta.url));
export const CAMERA_LOGIN = { username: 'viewer', password: 'fault-lab-camera' };

export interface LabCamera {
  name: string;
  profile: CameraProfileName;
  gopSec: number;
  preRollSec: number;
  postRollSec: number;
  /** Found by ONVIF at each attempt, or at a fixed address. */
  onvif: boolean;
}

const KINDS: readonly Omit<LabCamera, 'name'>[] = [
  { profile: 'h264-aac', gopSec: 2, preRollSec: 5, postRollSec: 2, onvif: true },
  { profile: 'h264-pcmu', gopSec: 2, preRollSec: 0, postRollSec: 0, onvif: false },
  { profile: 'h264-bframes', gopSec: 1, preRollSec: 0, postRollSec: 0, onvif: true },
  { profile: 'h265', gopSec: 4, preRollSec: 3, postRollSec: 0, onvif: false },
];

/** Warm and cold ones of every kind, in turn. */
export function planCameras(count: number): LabCamera[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `camera ${index + 1}`,
    ...KINDS[index % KINDS.length]!,
  }));
}

/** The virtual cameras of a campaign, in one process of their own. */
export class LabCameras {
  private constructor(
    private readonly child: ChildProcess,
    readonly infos: readonly CameraInfo[],
  ) {}

  static async start(cameras: readonly LabCamera[]): Promise<LabCameras> {
    const options = cameras.map(({ name, profile, gopSec }, index): VirtualCameraOptions => {
      return { name, profile, gopSec, ...CAMERA_LOGIN, startFrame: index * 100 };
    });
    const child = fork(WORKER, [JSON.stringify(options)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const infos = await Promise.race([
      once(child, 'message').then(([message]) => message as CameraInfo[]),
      once(child, 'exit').then(() => Promise.reject(new Error('the cameras did not start'))),
    ]);
    return new LabCameras(child, infos);
  }

  /** What the camera has sent, by its own account. */
  async sent(index: number, period?: { fromMs: number; toMs: number }): Promise<SentReport> {
    const query = period ? `?from=${period.fromMs}&to=${period.toMs}` : '';
    const response = await fetch(`${this.infos[index]!.controlUrl}/sent${query}`);
    return (await response.json()) as SentReport;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
