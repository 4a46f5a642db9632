import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CameraInfo } from './camera-worker.js';
import type { KillKind, PlannedKill } from './plan.js';
import { findMarked, isCapture, kill, type LabProcess, remotePorts } from './processes.js';
import type { SupervisedService } from './supervised-service.js';

export interface PerformedKill {
  index: number;
  kind: KillKind;
  /** Wall clock. */
  atMs: number;
  /** Of the cameras, those that it may have cost something. */
  cameraIndexes: number[];
  /** Whom it hit; empty: nothing of that kind was running. */
  pids: number[];
}

const POLL_MS = 10;
const WAIT_MS = 30_000;
const FIRST_SECONDS_MS = 3_000;

export interface KillerOptions {
  service: SupervisedService;
  cameras: readonly CameraInfo[];
  /** Marks the processes of this campaign. */
  mark: string;
  dataDir: string;
}

/** Carries out the kills of a plan. */
export class Killer {
  private killedWhileStarting = false;

  constructor(private readonly options: KillerOptions) {}

  async strike({ index, kind, pick }: PlannedKill): Promise<PerformedKill> {
    switch (kind) {
      case 'ffmpeg': {
        const victim = await this.victim(pick);
        const cameraIndexes = victim ? await this.camerasOf(victim) : [];
        return this.perform({ index, kind, cameraIndexes }, victim ? [victim.pid] : []);
      }
      case 'service':
        return this.perform({ index, kind, cameraIndexes: this.all }, [await this.servicePid()]);
      case 'drain':
        return this.perform({ index, kind, cameraIndexes: this.all }, [await this.servicePid()], 'SIGTERM');
      case 'both': {
        const captures = await this.captures();
        const pids = [await this.servicePid(), ...captures.map(({ pid }) => pid)];
        return this.perform({ index, kind, cameraIndexes: this.all }, pids);
      }
      case 'database':
        return this.perform({ index, kind, cameraIndexes: this.all }, [await this.postmaster()]);
    }
  }

  private perform(
    kind: Pick<PerformedKill, 'index' | 'kind' | 'cameraIndexes'>,
    pids: readonly number[],
    signal: NodeJS.Signals = 'SIGKILL',
  ): PerformedKill {
    const atMs = Date.now();
    return { ...kind, atMs, pids: pids.filter((pid) => pid > 0 && kill(pid, signal)) };
  }

  private get all(): number[] {
    return this.options.cameras.map((_, index) => index);
  }

  /** A capture that runs; when there is none, one of the next, at some moment of its first seconds. */
  private async victim(pick: number): Promise<LabProcess | undefined> {
    let captures = await this.captures();
    if (captures.length === 0) {
      await waitFor(async () => (await this.captures()).length > 0);
      await delay(pick * FIRST_SECONDS_MS);
      captures = await this.captures();
    }
    return captures[Math.floor(pick * captures.length)];
  }

  private async captures(): Promise<LabProcess[]> {
    return (await findMarked(this.options.mark)).filter(isCapture);
  }

  /** One that is only connecting may be any camera's. */
  private async camerasOf({ pid }: LabProcess): Promise<number[]> {
    const ports = await remotePorts(pid);
    const found = this.all.filter((index) => ports.includes(this.options.cameras[index]!.rtspPort));
    return found.length > 0 ? found : this.all;
  }

  /** Between two lives of the service its next one is waited for. It may be killed while it starts, but not again and again. */
  private async servicePid(): Promise<number> {
    const { service } = this.options;
    if (this.killedWhileStarting) await waitFor(async () => service.isReady);
    await waitFor(async () => service.process.running);
    this.killedWhileStarting = !service.isReady;
    return service.process.pid;
  }

  /** Between two lives of the database too. */
  private async postmaster(): Promise<number> {
    const lockFile = join(this.options.dataDir, 'postgres', 'cluster', 'postmaster.pid');
    const pid = async () => Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0]);
    await waitFor(async () => {
      const found = await pid();
      return (await findMarked(this.options.dataDir)).some((each) => each.pid === found);
    });
    return pid();
  }
}

/** Resolves also when it did not come about in time. */
async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  for (const deadlineMs = Date.now() + WAIT_MS; !(await holds()) && Date.now() < deadlineMs;) await delay(POLL_MS);
}
