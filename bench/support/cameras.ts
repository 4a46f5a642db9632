import type { VirtualCameraOptions } from '@hindsight/virtual-camera';
import type { CameraInfo, CameraReport, CameraRequest } from './camera-worker.js';
import { Worker } from './worker.js';

/** Virtual cameras in a process of their own: their work is not counted as anybody else's. */
export class Cameras {
  private readonly worker = Worker.start<CameraRequest>('camera-worker.ts');
  infos: CameraInfo[] = [];

  private constructor() {}

  static async start(count: number, options: VirtualCameraOptions): Promise<Cameras> {
    const cameras = new Cameras();
    const each = Array.from({ length: count }, () => options);
    cameras.infos = await cameras.worker.ask<CameraInfo[]>({ op: 'start', cameras: each });
    return cameras;
  }

  report(untilMs: number[]): Promise<CameraReport[]> {
    return this.worker.ask<CameraReport[]>({ op: 'report', untilMs });
  }

  stop(): Promise<void> {
    return this.worker.stop();
  }
}
