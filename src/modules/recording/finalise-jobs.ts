import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity } from '../cluster/index.js';
import { ExportRuns, type ProcessingElsewhere, ProcessingRepository } from '../delivery/index.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';

/** After so many looks at the rows, one for recordings that wait to be finalised without a job: nothing known leaves one so. */
const FORGOTTEN_EVERY = 12;

/** Jobs for recordings that are over and wait to be finalised, beside the one that each gets when it ends. */
@Injectable()
export class FinaliseJobs {
  private lookedAtMs = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly rows: ProcessingRepository,
    private readonly exports: ExportRuns,
  ) {}

  /** What this node had left to finalise: its jobs may be held by a worker that was killed. */
  async enqueueOwn(): Promise<void> {
    for (const { id } of await this.rows.findOwn(this.node.nodeId)) await this.enqueueIfOurs(id);
  }

  /** A recording whose job has vanished must not wait for the next start. */
  async enqueueForgotten(): Promise<void> {
    if (performance.now() - this.lookedAtMs < FORGOTTEN_EVERY * this.config.recording.reconcileMs) return;
    this.lookedAtMs = performance.now();
    const waiting = (await this.rows.findOwn(this.node.nodeId)).filter(({ id }) => !this.exports.has(id));
    const queued = await this.queue.findQueued(waiting.map(({ id }) => finaliseKey(id)));
    for (const { id: playbackId } of waiting) {
      if (queued.has(finaliseKey(playbackId)) || !(await this.enqueueIfOurs(playbackId))) continue;
      this.logger.warn('a recording was waiting to be finalised without a job', { playbackId });
    }
  }

  /** Other recorders that have recordings to finalise. */
  async findOtherNodes(): Promise<string[]> {
    return this.rows.findOtherNodes(this.node.nodeId);
  }

  /** Recordings that wait to be finalised by these recorders. */
  async findOfNodes(nodeIds: readonly string[]): Promise<ProcessingElsewhere[]> {
    return this.rows.findOfNodes(nodeIds);
  }

  /** A recording of another node is finalised here. @returns false when somebody else was first */
  async take(playbackId: string, fromNodeId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const isTaken = await this.rows.take(manager, { playbackId, fromNodeId, nodeId: this.node.nodeId });
      if (isTaken) await this.enqueue(manager, playbackId);
      return isTaken;
    });
  }

  /** Under the row's lock, since another recorder may be taking it just now. @returns whether it is still ours */
  private async enqueueIfOurs(playbackId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const isOurs = await this.rows.isOursToFinalise(manager, playbackId, this.node.nodeId);
      if (isOurs) await this.enqueue(manager, playbackId);
      return isOurs;
    });
  }

  private async enqueue(manager: EntityManager, playbackId: string): Promise<void> {
    const options = { key: finaliseKey(playbackId), nodeId: this.node.nodeId };
    await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, options);
  }
}
