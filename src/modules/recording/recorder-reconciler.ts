import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { streamOf } from '../../schema/playback.entity.js';
import { NodeIdentity } from '../cluster/index.js';
import { DiskSpace } from '../footage/index.js';
import { RecorderCameras } from './recorder-cameras.js';
import { RecordingLives } from './recording-lives.js';
import { RecordingRepository } from './recording.repository.js';
import { TakeoverService } from './takeover.service.js';

/** The connections of a database that was away break one after another. */
const RETRY_MS = 500;

/** Compares the rows with what runs here, and starts or ends what differs. */
@Injectable()
export class RecorderReconciler {
  private readonly stopping = new AbortController();
  private retry: NodeJS.Timeout | undefined;
  private reconciling: Promise<void> | null = null;
  private reconcileAgain = false;

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly disk: DiskSpace,
    private readonly rows: RecordingRepository,
    private readonly cameras: RecorderCameras,
    private readonly lives: RecordingLives,
    private readonly takeover: TakeoverService,
  ) {}

  /** From now on it looks by itself when there is a free slot, or when the disk is full or has room again. */
  start(): void {
    this.lives.onSlotFree(() => this.reconcile());
    this.disk.onChange(() => this.reconcile());
    this.reconcile();
  }

  /** It is worth looking at the rows now; calls during a look lead to one more. Never throws. */
  reconcile(): void {
    if (this.isStopping) return;
    this.reconcileAgain = true;
    this.reconciling ??= this.reconcileUntilQuiet().finally(() => (this.reconciling = null));
  }

  /** Nothing is started any more. */
  stop(): void {
    this.stopping.abort();
    clearTimeout(this.retry);
  }

  /** Resolves when the look that goes on has ended: a database that is silent may hold it. */
  async quiet(): Promise<void> {
    await this.reconciling;
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async reconcileUntilQuiet(): Promise<void> {
    while (this.reconcileAgain && !this.isStopping) {
      this.reconcileAgain = false;
      try {
        await this.reconcileOnce();
      } catch (error) {
        this.logger.warn('could not look at the open recordings; trying again', { err: error });
        this.retry = setTimeout(() => this.reconcile(), RETRY_MS);
      }
    }
  }

  private async reconcileOnce(): Promise<void> {
    await this.endWhatMust(this.clock.now());
    const open = await this.rows.findOpen();
    // Without a free slot, a camera is better taken by a recorder that has one.
    const warm = await this.cameras.claim(this.lives.hasSlot ? open : []);
    if (this.isStopping) return;
    this.cameras.keepWarm(warm);
    this.lives.follow(open);
    await this.lives.start(open, (playback) => this.takeover.countIfTaken(playback), this.stopping.signal);
    const wanted = [...warm, ...this.lives.running].map(({ stream }) => stream);
    await this.cameras.releaseAllBut([...open.map(streamOf), ...wanted]);
    await this.takeover.mindProcessing();
  }

  private async endWhatMust(now: Date): Promise<void> {
    await this.rows.closeOverdue(now);
    await this.rows.closeDisarmed(now);
    if (this.disk.isLow) await this.rows.closeAll(this.node.nodeId, 'disk_full', now);
  }
}
