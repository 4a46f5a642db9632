import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { streamOf } from '../../schema/playback.entity.js';
import { mainStream } from '../../schema/stream-id.js';
import { NodeIdentity } from '../cluster/index.js';
import { DiskSpace } from '../footage/index.js';
import type { RecordingNotice } from './domain/recording-notice.js';
import { DueRecordings } from './due-recordings.js';
import { RecorderCameras } from './recorder-cameras.js';
import { RecordingLives } from './recording-lives.js';
import { TakeoverService } from './takeover.service.js';

/** The connections of a database that was away break one after another. */
const RETRY_MS = 500;

/**
 * How far a look goes. `own`: to the recordings of this recorder and those that nobody has taken. `all`: also to what other recorders may
 * have left behind, to the cameras that are to be warm, to ranges that must end, and to recordings that wait to be finalised.
 */
type Scope = 'own' | 'all';

/** Compares the rows with what runs here, and starts or ends what differs. */
@Injectable()
export class RecorderReconciler {
  private readonly stopping = new AbortController();
  private retry: NodeJS.Timeout | undefined;
  private reconciling: Promise<void> | null = null;
  private asked: Scope | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly disk: DiskSpace,
    private readonly due: DueRecordings,
    private readonly cameras: RecorderCameras,
    private readonly lives: RecordingLives,
    private readonly takeover: TakeoverService,
  ) {}

  /** From now on it looks by itself when there is a free slot, or when the disk is full or has room again. */
  start(): void {
    this.lives.onSlotFree(() => this.reconcile('own'));
    this.disk.onChange(() => this.reconcile());
    this.reconcile();
  }

  /** It is worth looking at the rows now; calls during a look lead to one more. Never throws. */
  reconcile(scope: Scope = 'all'): void {
    if (this.isStopping) return;
    this.asked = this.asked === 'all' ? 'all' : scope;
    this.reconciling ??= this.reconcileUntilQuiet().finally(() => (this.reconciling = null));
  }

  /**
   * A recording has changed. One that names another recorder is that recorder's to look at, unless its camera is ours meanwhile: whoever
   * becomes the owner of a camera reads its recordings after that.
   */
  hear({ cameraId, nodeId }: RecordingNotice): void {
    const isOurs = nodeId === null || nodeId === this.node.nodeId || this.cameras.owns(mainStream(cameraId));
    if (isOurs) this.reconcile('own');
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
    for (let scope = this.take(); scope !== null && !this.isStopping; scope = this.take()) {
      try {
        await this.reconcileOnce(scope);
      } catch (error) {
        this.logger.warn('could not look at the open recordings; trying again', { err: error });
        this.retry = setTimeout(() => this.reconcile(), RETRY_MS);
      }
    }
  }

  private take(): Scope | null {
    const { asked } = this;
    this.asked = null;
    return asked;
  }

  private async reconcileOnce(scope: Scope): Promise<void> {
    const now = this.clock.now();
    if (scope === 'all') {
      await this.cameras.survey();
      await this.due.survey(now);
    }
    if (this.disk.isLow) await this.due.closeOwn('disk_full', now);
    let due = await this.due.find();
    // Without a free slot, a camera is better taken by a recorder that has one.
    const hasGained = await this.cameras.claim(this.lives.hasSlot ? due : []);
    // Until the camera was ours, its recordings were another one's to change.
    if (hasGained) due = await this.due.find();
    if (this.isStopping) return;
    this.cameras.keepWarm();
    this.lives.follow(due);
    await this.lives.start(due, (playback) => this.takeover.countIfTaken(playback), this.stopping.signal);
    await this.cameras.releaseAllBut([...due.map(streamOf), ...this.lives.running.map(({ stream }) => stream)]);
    if (scope === 'all') await this.takeover.mindProcessing();
  }
}
