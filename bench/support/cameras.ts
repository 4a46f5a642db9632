import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { VirtualCameraOptions } from '../../tools/virtual-camera/index.js';
import type { CameraAnswer, CameraInfo, CameraReport, CameraRequest } from './camera-worker.js';

const WORKER = fileURLToPath(new URL('camera-worker.ts', import.meta.url));

/** Virtual cameras in a process of their own: their work is not counted as anybody else's. */
export class Cameras {
  private readonly waiting = new Map<number, (answer: CameraAnswer) => void>();
  private nextId = 1;
  infos: CameraInfo[] = [];

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: CameraAnswer) => this.waiting.get(answer.id)?.(answer));
    child.on('exit', () => {
      for (const [id, resolve] of this.waiting) resolve({ id, error: 'the process of the cameras ended' });
    });
  }

  static async start(count: number, options: VirtualCameraOptions): Promise<Cameras> {
    const cameras = new Cameras(fork(WORKER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    const each = Array.from({ length: count }, () => options);
    cameras.infos = (await cameras.ask({ op: 'start', cameras: each })) as CameraInfo[];
    return cameras;
  }

  async report(untilMs: number[]): Promise<CameraReport[]> {
    return (await this.ask({ op: 'report', untilMs })) as CameraReport[];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  private async ask(request: CameraRequest): Promise<unknown> {
    const id = this.nextId++;
    const answered = new Promise<CameraAnswer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, request });
    const { result, error } = await answered;
    this.waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return result;
  }
}
