import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NotificationListener } from '../database/index.js';
import { DiskSpace } from '../footage/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import { ActiveRecording } from './active-recording.js';
import { CaptureFactory, CapturePool, WarmCameras } from '../capture/index.js';
import { planStarts } from './domain/queue-plan.js';
import { LogRetention } from '../retention/index.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { ProgressSaver } from './progress-saver.js';
import { type WarmCamera, WarmCameraRepository } from '../camera/index.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';
import { UploadEngine } from '../delivery/index.js';
import { TakeoverService } from './takeover.service.js';

/** Said by a recorder that lets its cameras go, so that the others need not wait whether it comes back. */
const RELEASED = 'released';
/** The connections of a database that was away break one after another. */
const RETRY_MS = 500;

/**
 * Runs the recordings of this node: looks which ones are wanted, and starts or ends the life of each.
 * The rows are the truth; a notification only says that it is worth looking at them now.
 */
@Injectable()
export class RecorderService implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly active = new Map<string, ActiveRecording>();
  private readonly lives = new Set<Promise<void>>();
  /** Recordings that had to wait for a slot, here. */
  private readonly queued = new Set<string>();
  private stopping = false;
  private timers: NodeJS.Timeout[] = [];
  private retry: NodeJS.Timeout | undefined;
  private reconciling: Promise<void> | null = null;
  private reconcileAgain = false;

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly notifications: NotificationListener,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly takeover: TakeoverService,
    private readonly disk: DiskSpace,
    private readonly pool: CapturePool,
    private readonly warm: WarmCameras,
    private readonly captures: CaptureFactory,
    private readonly retention: LogRetention,
    private readonly rows: RecordingRepository,
    private readonly warmCameras: WarmCameraRepository,
    private readonly runner: RecordingRunner,
    private readonly progress: ProgressSaver,
    private readonly uploads: UploadEngine,
  ) {}

  /** Before the queue takes its first job: one that it had taken would be doubled. */
  async onModuleInit(): Promise<void> {
    await this.takeover.enqueueOwn();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.ownership.start(() => this.ownershipChanged());
    this.disk.onChange(() => {
      this.reconcile();
      this.retention.wake();
    });
    this.notifications.listen('hindsight_recordings', (payload) => {
      if (payload === RELEASED) this.ownership.forgetOthers();
      this.reconcile();
    });
    const { reconcileMs, progressMs } = this.config.recording;
    this.timers = [
      setInterval(() => this.reconcile(), reconcileMs),
      setInterval(() => void this.progress.save(this.active.values()), progressMs),
    ];
    this.reconcile();
  }

  /** Stops capturing; open recordings keep their rows, for another recorder or the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.retry);
    this.ownership.abandonAll();
    await this.ended();
    await this.reconciling; // a database that is silent may hold it: captures have ended by now
    await this.ended();
    await this.captures.finish();
    await this.takeover.release(RELEASED);
  }

  private async ended(): Promise<void> {
    this.leaveLost();
    await Promise.all(this.lives);
    await this.pool.idle();
  }

  private ownershipChanged(): void {
    this.leaveLost();
    this.pool.killAllBut((cameraId) => this.ownership.owns(cameraId));
    this.reconcile();
  }

  /** Recordings and rings of cameras that are not ours any more end here; their rows stay. */
  private leaveLost(): void {
    this.warm.leaveLost();
    for (const recording of this.active.values()) {
      if (!this.ownership.owns(recording.cameraId)) recording.changed();
    }
  }

  /** Compares the rows with what runs; calls during a run lead to one more run. */
  private reconcile(): void {
    if (this.stopping) return;
    this.reconcileAgain = true;
    this.reconciling ??= this.reconcileUntilQuiet().finally(() => (this.reconciling = null));
  }

  private async reconcileUntilQuiet(): Promise<void> {
    while (this.reconcileAgain && !this.stopping) {
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
    const now = this.clock.now();
    await this.rows.closeOverdue(now);
    await this.rows.closeDisarmed(now);
    if (this.disk.isLow) await this.rows.closeAll(this.node.nodeId, 'disk_full', now);
    const open = await this.rows.findOpen();
    const warm = this.disk.isLow ? [] : await this.warmCameras.findAll();
    await this.claimCameras(open, warm);
    if (this.stopping) return;
    this.warm.follow(warm);
    this.followRanges(open);
    const waiting = open.filter(({ id }) => !this.active.has(id));
    // Without a slot their cameras are not even claimed.
    if (this.active.size >= this.config.recording.maxConcurrent) for (const { id } of waiting) this.queued.add(id);
    await this.startWaiting(waiting.filter(({ cameraId }) => this.ownership.owns(cameraId)));
    await this.releaseCameras(new Set([...open, ...warm].map(({ cameraId }) => cameraId)));
    await this.takeover.takeProcessing();
    await this.takeover.enqueueForgotten();
  }

  private async claimCameras(open: readonly Playback[], warm: readonly WarmCamera[]): Promise<void> {
    // Without a free slot, a camera is better taken by a recorder that has one.
    const slots = this.active.size < this.config.recording.maxConcurrent;
    const owners = new Map<string, string | null>(warm.map(({ cameraId }) => [cameraId, null]));
    for (const { cameraId, nodeId } of slots ? open : []) owners.set(cameraId, owners.get(cameraId) ?? nodeId);
    await this.ownership.claim([...owners].map(([cameraId, lastOwner]) => ({ cameraId, lastOwner })));
  }

  private followRanges(open: readonly Playback[]): void {
    const rows = new Map(open.map((playback) => [playback.id, playback]));
    for (const id of this.queued) if (!rows.has(id)) this.queued.delete(id);
    for (const recording of this.active.values()) {
      const row = rows.get(recording.playbackId);
      if (row) {
        recording.setRange(row.rangeStartAt?.getTime() ?? recording.rangeStartMs, row.rangeEndAt?.getTime() ?? null);
        continue;
      }
      recording.abandon(); // the row was deleted or finished by somebody else
    }
  }

  private async startWaiting(waiting: readonly Playback[]): Promise<void> {
    const byId = new Map(waiting.map((playback) => [playback.id, playback]));
    const queue = waiting.map(({ id, cameraId }) => ({ playbackId: id, cameraId }));
    const starts = planStarts(queue, [...this.active.values()], this.config.recording.maxConcurrent);
    for (const { id } of waiting) if (!starts.includes(id)) this.queued.add(id);
    for (const id of starts) {
      if (this.stopping) return;
      await this.open(byId.get(id)!);
    }
  }

  private async open(playback: Playback): Promise<void> {
    if (!(await this.rows.claim(playback.id, this.node.nodeId))) return;
    const recording = new ActiveRecording(playback, this.clock.nowMs(), this.node.nodeId);
    recording.waitedForSlot = this.queued.delete(playback.id);
    if (playback.nodeId !== null && playback.nodeId !== this.node.nodeId) this.takeover.count(playback);
    this.active.set(recording.playbackId, recording);
    this.uploads.open({ ...playback, playbackId: playback.id }, this.ownership.signalOf(playback.cameraId));
    const life = this.live(recording).finally(() => this.lives.delete(life));
    this.lives.add(life);
  }

  private async live(recording: ActiveRecording): Promise<void> {
    const { playbackId, cameraId } = recording;
    const signal = this.ownership.signalOf(cameraId);
    try {
      await this.runner.run(recording, signal);
      this.active.delete(playbackId);
      // What has footage is taken from there by its job.
      if (signal.aborted || recording.isAbandoned || recording.footageEndMs === null) this.uploads.leave(playbackId);
      this.reconcile(); // its slot is free
    } catch (error) {
      // Taken up again by the next poll, not at once: what breaks right away must not spin.
      this.active.delete(playbackId);
      this.uploads.leave(playbackId);
      if (!signal.aborted) this.logger.error('a recording broke', { playbackId, err: error });
    }
  }

  private async releaseCameras(wanted: ReadonlySet<string>): Promise<void> {
    const busy = new Set([...this.active.values()].map(({ cameraId }) => cameraId));
    const idle = this.ownership.owned.filter((id) => !wanted.has(id) && !busy.has(id) && !this.pool.has(id));
    await this.ownership.release(idle);
  }
}
