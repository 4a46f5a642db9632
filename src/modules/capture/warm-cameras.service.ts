import { Injectable } from '@nestjs/common';
import { type CaptureClient, type CaptureHold, CapturePool } from './capture-pool.service.js';
import { Ownership } from '../cluster/index.js';
import type { WarmCamera } from '../camera/index.js';

interface WarmSeat {
  hold: CaptureHold;
  source: string;
}

const CLIENT: CaptureClient = {
  id: 'pre-roll',
  onFragment: () => undefined,
  onFailure: () => undefined,
  onIdle: () => undefined,
};

/** Keeps the captures of cameras with a pre-roll running, so that a recording can begin before its trigger. */
@Injectable()
export class WarmCameras {
  private readonly seats = new Map<string, WarmSeat>();

  constructor(
    private readonly pool: CapturePool,
    private readonly ownership: Ownership,
  ) {}

  /** From now on exactly these are warm, as far as this recorder owns them. */
  follow(cameras: readonly WarmCamera[]): void {
    const wanted = new Map(cameras.map((camera) => [camera.cameraId, camera]));
    for (const cameraId of this.seats.keys()) if (!wanted.has(cameraId)) this.leave(cameraId);
    this.leaveLost();
    for (const camera of cameras) if (this.ownership.owns(camera.cameraId)) this.keepWarm(camera);
  }

  /** Cameras that are not ours any more are not ours to keep warm. */
  leaveLost(): void {
    for (const cameraId of this.seats.keys()) if (!this.ownership.owns(cameraId)) this.leave(cameraId);
  }

  private leave(cameraId: string): void {
    this.seats.get(cameraId)?.hold.leave();
    this.seats.delete(cameraId);
  }

  private keepWarm({ cameraId, source }: WarmCamera): void {
    const seat = this.seats.get(cameraId);
    if (!seat) {
      this.seats.set(cameraId, { hold: this.pool.join(cameraId, { ...CLIENT }), source });
      return;
    }
    if (seat.source !== source) seat.hold.capture.restart();
    seat.source = source;
  }
}
