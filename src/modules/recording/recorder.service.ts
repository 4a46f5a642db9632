import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NotificationListener } from '../database/notifications.js';
import { JobQueue } from '../jobs/job-queue.port.js';
import type { Playback } from '../playback/playback.entity.js';
import { ActiveRecording } from './active-recording.js';
import { CaptureFactory } from './capture-factory.js';
import { CapturePool } from './capture-pool.service.js';
import { NodeIdentity } from './node-identity.js';
import { ProgressSaver } from './progress-saver.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';

/**
 * Runs the recordings of this node: looks which ones are wanted, and starts or ends the life of each.
 * The rows are the truth; a notification only says that it is worth looking at them now.
 */
@Injectable()
export class RecorderService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly active = new Map<string, ActiveRecording>();
  private readonly lives = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private timers: NodeJS.Timeout[] = [];
  private reconciling: Promise<void> | null = null;
  private reconcileAgain = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly notifications: NotificationListener,
    private readonly node: NodeIdentity,
    private readonly pool: CapturePool,
    private readonly captures: CaptureFactory,
    private readonly rows: RecordingRepository,
    private readonly runner: RecordingRunner,
    private readonly progress: ProgressSaver,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const { id } of await this.rows.findProcessing(this.node.nodeId)) await this.enqueueFinalise(id);
    this.notifications.listen('hindsight_recordings', () => this.reconcile());
    const { reconcileMs, progressMs } = this.config.recording;
    this.timers = [
      setInterval(() => this.reconcile(), reconcileMs),
      setInterval(() => void this.progress.save(this.active.values()), progressMs),
    ];
    this.reconcile();
  }

  /** Stops capturing; open recordings keep their rows and go on at the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers) clearInterval(timer);
    await this.reconciling;
    for (const recording of this.active.values()) recording.changed();
    await Promise.all(this.lives);
    await this.pool.idle();
    await this.captures.interruptionsSaved();
  }

  /** Compares the rows with what runs; calls during a run lead to one more run. */
  private reconcile(): void {
    if (this.stopping.signal.aborted) return;
    this.reconcileAgain = true;
    this.reconciling ??= this.reconcileUntilQuiet().finally(() => (this.reconciling = null));
  }

  private async reconcileUntilQuiet(): Promise<void> {
    while (this.reconcileAgain && !this.stopping.signal.aborted) {
      this.reconcileAgain = false;
      try {
        await this.reconcileOnce();
      } catch (error) {
        this.logger.warn('could not look at the open recordings; trying again', { err: error });
      }
    }
  }

  private async reconcileOnce(): Promise<void> {
    await this.rows.closeOverdue(this.clock.now());
    const running = new Set(this.active.values());
    const open = await this.rows.findOpen(this.node.nodeId);
    const wanted = new Set(open.map(({ id }) => id));
    for (const recording of running) {
      if (wanted.has(recording.playbackId)) continue;
      recording.abandoned = true; // the row was deleted or finished by somebody else
      recording.changed();
    }
    for (const playback of open) {
      if (this.stopping.signal.aborted) return;
      const recording = this.active.get(playback.id);
      if (recording) {
        if (playback.rangeEndAt) recording.end(playback.rangeEndAt.getTime());
      } else if (this.active.size < this.config.recording.maxConcurrent) await this.open(playback);
    }
  }

  private async open(playback: Playback): Promise<void> {
    if (!(await this.rows.claim(playback.id, this.node.nodeId))) return;
    const recording = new ActiveRecording(playback, this.clock.nowMs());
    this.active.set(recording.playbackId, recording);
    const life = this.live(recording).finally(() => this.lives.delete(life));
    this.lives.add(life);
  }

  private async live(recording: ActiveRecording): Promise<void> {
    const { playbackId } = recording;
    try {
      await this.runner.run(recording, this.stopping.signal);
      this.active.delete(playbackId);
      this.reconcile(); // its slot is free
    } catch (error) {
      // Taken up again by the next poll, not at once: what breaks right away must not spin.
      this.active.delete(playbackId);
      this.logger.error('a recording broke', { playbackId, err: error });
    }
  }

  private async enqueueFinalise(playbackId: string): Promise<void> {
    const options = { key: `finalise:${playbackId}`, nodeId: this.node.nodeId };
    await this.queue.enqueue(this.dataSource.manager, 'playback.finalise', { playbackId }, options);
  }
}
