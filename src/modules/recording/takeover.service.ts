import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { messageOf } from '../../common/errors.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { notify } from '../database/index.js';
import { Metrics } from '../health/index.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import { FootageReader, waitMsFor } from '../footage/index.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { RecordingRepository } from './recording.repository.js';
import { type ProcessingElsewhere, ProcessingRepository } from '../delivery/index.js';

/** After so many looks at the rows, one for recordings that wait to be finalised without a job: nothing known leaves one so. */
const FORGOTTEN_EVERY = 12;

/** What passes from one recorder to another: recordings that wait to be finalised, and everything at a clean end. */
@Injectable()
export class TakeoverService {
  private lookedAtMs = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly footage: FootageReader,
    private readonly rows: ProcessingRepository,
    private readonly recordings: RecordingRepository,
  ) {}

  /** An open recording of another node goes on here. */
  count({ id: playbackId, nodeId: fromNodeId }: Playback): void {
    this.metrics.takeovers.inc();
    this.logger.info('recording taken over', { playbackId, fromNodeId });
  }

  /** What this node had left to finalise: its jobs may be held by a worker that was killed. */
  async enqueueOwn(): Promise<void> {
    for (const { id } of await this.rows.findOwn(this.node.nodeId)) await this.enqueue(id);
  }

  /** A recording whose job has vanished must not wait for the next start. */
  async enqueueForgotten(): Promise<void> {
    if (performance.now() - this.lookedAtMs < FORGOTTEN_EVERY * this.config.recording.reconcileMs) return;
    this.lookedAtMs = performance.now();
    const waiting = await this.rows.findOwn(this.node.nodeId);
    const queued = await this.queue.findQueued(waiting.map(({ id }) => finaliseKey(id)));
    for (const { id: playbackId } of waiting) {
      if (queued.has(finaliseKey(playbackId)) || !(await this.enqueue(playbackId))) continue;
      this.logger.warn('a recording was waiting to be finalised without a job', { playbackId });
    }
  }

  /** Under the row's lock, since another recorder may be taking it just now. @returns whether it is still ours */
  private async enqueue(playbackId: string): Promise<boolean> {
    const { nodeId } = this.node;
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.rows.isOursToFinalise(manager, playbackId, nodeId))) return false;
      const options = { key: finaliseKey(playbackId), nodeId };
      await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, options);
      return true;
    });
  }

  /**
   * Finalises for recorders that are gone: at once where their disk can be seen from here, else when they have had time to come back.
   */
  async takeProcessing(): Promise<void> {
    const waiting = await this.rows.findElsewhere(this.node.nodeId);
    if (waiting.length === 0) return;
    const dead = await this.ownership.findDeadNodes([...new Set(waiting.map(({ nodeId }) => nodeId))]);
    for (const fromNodeId of dead) {
      const canSee = await this.footage.canSee(fromNodeId);
      const theirs = waiting.filter(({ nodeId }) => nodeId === fromNodeId);
      for (const row of theirs) if (canSee || !this.mayStillCome(row)) await this.take(row.playbackId, fromNodeId);
    }
  }

  /** Gives everything back; never throws, since the rows are found by the next start anyway. */
  async release(message: string): Promise<void> {
    try {
      await this.recordings.handOver(this.node.nodeId);
      await this.ownership.close();
      await notify(this.dataSource.manager, 'hindsight_recordings', message);
    } catch (error) {
      this.logger.warn('open recordings were not handed over; their takeover takes longer', {
        reason: messageOf(error),
      });
    } finally {
      await this.ownership.close();
    }
  }

  private mayStillCome({ rangeEndAt, isPartlySafe }: ProcessingElsewhere): boolean {
    return this.clock.nowMs() < rangeEndAt.getTime() + waitMsFor(this.config, isPartlySafe);
  }

  private async take(playbackId: string, fromNodeId: string): Promise<void> {
    const { nodeId } = this.node;
    const options = { key: finaliseKey(playbackId), nodeId };
    const taken = await this.dataSource.transaction(async (manager) => {
      if (!(await this.rows.take(manager, { playbackId, fromNodeId, nodeId }))) return false;
      await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, options);
      return true;
    });
    if (!taken) return;
    this.metrics.takeovers.inc();
    this.logger.info('finalising for a recorder that is gone', { playbackId, fromNodeId });
  }
}
