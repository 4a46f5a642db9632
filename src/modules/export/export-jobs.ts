import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { Playback } from '../../schema/playback.entity.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { ExportRuns } from '../delivery/index.js';
import { exportKey, JobHandlers, JobQueue } from '../jobs/index.js';

/** All places are taken: this or another process has one soon, or does not. */
const FULL_AGAIN_MS = 2_000;
/** How often it is looked for exports whose job was lost with the process that had just taken it. */
const FORGOTTEN_MS = 60_000;

/** The job `playback.export`: takes an export for this node, which from then on makes it, as its row says. */
@Injectable()
export class ExportJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly states: PlaybackStateRepository,
    private readonly runs: ExportRuns,
    handlers: JobHandlers,
  ) {
    handlers.register('playback.export', ({ playbackId }) => this.take(playbackId));
  }

  onApplicationBootstrap(): void {
    void this.enqueueForgotten(0);
    this.timer = setInterval(() => void this.enqueueForgotten(FORGOTTEN_MS), FORGOTTEN_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async take(playbackId: string): Promise<void> {
    if (!this.runs.hasRoom) return this.enqueue(playbackId, new Date(this.clock.nowMs() + FULL_AGAIN_MS));
    const { manager } = this.dataSource;
    const isOurs = await this.states.transition(manager, playbackId, 'PROCESSING', { nodeId: this.node.nodeId });
    if (isOurs) this.runs.start(playbackId);
  }

  /** A second job does no harm: the first one takes the export. */
  private async enqueueForgotten(olderMs: number): Promise<void> {
    try {
      const waiting = await this.dataSource.manager.findBy(Playback, { kind: 'export', recordingStatus: 'PENDING' });
      const bornBeforeMs = this.clock.nowMs() - olderMs;
      for (const { id, createdAt } of waiting) if (createdAt.getTime() <= bornBeforeMs) await this.enqueue(id);
    } catch (error) {
      this.logger.warn('exports that wait were not looked for; it is tried again', { err: error });
    }
  }

  private async enqueue(playbackId: string, runAt?: Date): Promise<void> {
    const options = { key: exportKey(playbackId), ...(runAt ? { runAt } : {}) };
    await this.queue.enqueue(this.dataSource.manager, 'playback.export', { playbackId }, options);
  }
}
