import { Injectable } from '@nestjs/common';
import { streamOf } from '../../schema/playback.entity.js';
import { type StreamId, streamKey } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { type WarmCamera, WarmCameraRepository } from '../camera/index.js';
import { CaptureFactory, CapturePool, WarmCameras } from '../capture/index.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { DiskSpace } from '../footage/index.js';
import type { DueRecording } from './due-recordings.repository.js';

/** The cameras of this recorder: those of the recordings that are wanted, and those that are kept warm. */
@Injectable()
export class RecorderCameras {
  /** Cameras that are to be warm and are ours, or were nobody's when the rows were looked at. */
  private toBeWarm: readonly WarmCamera[] = [];

  constructor(
    private readonly node: NodeIdentity,
    private readonly disk: DiskSpace,
    private readonly ownership: Ownership,
    private readonly pool: CapturePool,
    private readonly warm: WarmCameras,
    private readonly captures: CaptureFactory,
    private readonly rows: WarmCameraRepository,
  ) {}

  owns(stream: StreamId): boolean {
    return this.ownership.owns(stream);
  }

  get ownedIds(): string[] {
    return [...new Set(this.ownership.owned.map(({ cameraId }) => cameraId))];
  }

  /** Looks which cameras are to be warm. Those that another recorder has are none of ours. */
  async survey(): Promise<void> {
    this.toBeWarm = this.disk.isLow ? [] : await this.rows.findOwnedOrFree(this.node.nodeId, this.ownedIds);
  }

  /**
   * Claims what is free.
   * @param due recordings whose cameras are wanted here: none while all slots are taken
   * @returns whether a camera has become ours
   */
  async claim(due: readonly DueRecording[]): Promise<boolean> {
    const owners = new StreamMap<string | null>();
    for (const { stream, foreignNodeId } of this.toBeWarm) owners.set(stream, foreignNodeId);
    for (const recording of due) {
      const stream = streamOf(recording);
      owners.set(stream, owners.get(stream) ?? recording.foreignNodeId);
    }
    return this.ownership.claim([...owners].map(([stream, lastOwner]) => ({ stream, lastOwner })));
  }

  keepWarm(): void {
    this.warm.follow(this.toBeWarm);
  }

  /** Gives back those that nobody wants any more: neither a recording nor the rows that say what is to be warm. */
  async releaseAllBut(wanted: readonly StreamId[]): Promise<void> {
    const keys = new Set([...wanted, ...this.toBeWarm.map(({ stream }) => stream)].map(streamKey));
    const idle = this.ownership.owned.filter((stream) => !keys.has(streamKey(stream)) && !this.pool.has(stream));
    await this.ownership.release(idle);
  }

  /** Rings of cameras that are not ours any more end. */
  leaveLost(): void {
    this.warm.leaveLost();
  }

  /** And so does what captures them, at once: whoever has them now captures too. */
  killLost(): void {
    this.pool.killAllBut((stream) => this.ownership.owns(stream));
  }

  /** Resolves when nothing is captured. */
  async idle(): Promise<void> {
    await this.pool.idle();
  }

  /** Resolves when what captures have told is written down. */
  async finish(): Promise<void> {
    await this.captures.finish();
  }
}
