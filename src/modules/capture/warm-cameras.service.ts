import { Injectable } from '@nestjs/common';
import { type StreamId, streamKey } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { Ownership } from '../cluster/index.js';
import type { WarmCamera } from '../camera/index.js';
import { FragmentLog } from '../footage/index.js';
import { type CaptureClient, type CaptureHold, CapturePool } from './capture-pool.service.js';

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

/** Keeps the captures of cameras running that have a pre-roll, so that a recording can begin before its trigger, or of which everything is kept. */
@Injectable()
export class WarmCameras {
  private readonly seats = new StreamMap<WarmSeat>();

  constructor(
    private readonly pool: CapturePool,
    private readonly ownership: Ownership,
    private readonly log: FragmentLog,
  ) {}

  /** From now on exactly these are warm, as far as this recorder owns them. */
  follow(cameras: readonly WarmCamera[]): void {
    const wanted = new Set(cameras.map(({ stream }) => streamKey(stream)));
    this.log.keep(cameras.filter(({ isContinuous }) => isContinuous).map(({ stream }) => stream));
    for (const stream of this.seats.keys()) if (!wanted.has(streamKey(stream))) this.leave(stream);
    this.leaveLost();
    for (const camera of cameras) if (this.ownership.owns(camera.stream)) this.keepWarm(camera);
  }

  /** Cameras that are not ours any more are not ours to keep warm. */
  leaveLost(): void {
    for (const stream of this.seats.keys()) if (!this.ownership.owns(stream)) this.leave(stream);
  }

  private leave(stream: StreamId): void {
    this.seats.get(stream)?.hold.leave();
    this.seats.delete(stream);
  }

  private keepWarm({ stream, source }: WarmCamera): void {
    const seat = this.seats.get(stream);
    if (!seat) {
      this.seats.set(stream, { hold: this.pool.join(stream, { ...CLIENT }), source });
      return;
    }
    if (seat.source !== source) seat.hold.capture.restart();
    seat.source = source;
  }
}
