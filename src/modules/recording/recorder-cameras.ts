import { Injectable } from '@nestjs/common';
import { type Playback, streamOf } from '../../schema/playback.entity.js';
import { type StreamId, streamKey } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { type WarmCamera, WarmCameraRepository } from '../camera/index.js';
import { CaptureFactory, CapturePool, WarmCameras } from '../capture/index.js';
import { Ownership } from '../cluster/index.js';
import { DiskSpace } from '../footage/index.js';

/** The cameras of this recorder: those of the recordings that are wanted, and those that are kept warm. */
@Injectable()
export class RecorderCameras {
  constructor(
    private readonly disk: DiskSpace,
    private readonly ownership: Ownership,
    private readonly pool: CapturePool,
    private readonly warm: WarmCameras,
    private readonly captures: CaptureFactory,
    private readonly rows: WarmCameraRepository,
  ) {}

  /**
   * Claims what is free.
   * @param open rows of recordings whose cameras are wanted here: none while all slots are taken
   * @returns the cameras that are to be warm, whoever has them
   */
  async claim(open: readonly Playback[]): Promise<readonly WarmCamera[]> {
    const warm = this.disk.isLow ? [] : await this.rows.findAll();
    const owners = new StreamMap<string | null>();
    for (const { stream } of warm) owners.set(stream, null);
    for (const playback of open) {
      const stream = streamOf(playback);
      owners.set(stream, owners.get(stream) ?? playback.nodeId);
    }
    await this.ownership.claim([...owners].map(([stream, lastOwner]) => ({ stream, lastOwner })));
    return warm;
  }

  keepWarm(warm: readonly WarmCamera[]): void {
    this.warm.follow(warm);
  }

  /** Gives back those that nobody wants any more. */
  async releaseAllBut(wanted: readonly StreamId[]): Promise<void> {
    const keys = new Set(wanted.map(streamKey));
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
