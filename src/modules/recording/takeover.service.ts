import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import type { ProcessingElsewhere } from '../delivery/index.js';
import { FootageReader, waitMsFor } from '../footage/index.js';
import { Metrics } from '../health/index.js';
import type { OpenRecording } from './due-recordings.repository.js';
import { FinaliseJobs } from './finalise-jobs.js';

/** What passes from one recorder to another that is gone: recordings that are open, and those that wait to be finalised. */
@Injectable()
export class TakeoverService {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly footage: FootageReader,
    private readonly jobs: FinaliseJobs,
  ) {}

  /** An open recording goes on here. @param playback as it was before: it may be another node's */
  countIfTaken({ id: playbackId, nodeId: fromNodeId }: OpenRecording): void {
    if (fromNodeId === null || fromNodeId === this.node.nodeId) return;
    this.metrics.takeovers.inc();
    this.logger.info('recording taken over', { playbackId, fromNodeId });
  }

  /** Looks after recordings that are over: sees to it that somebody finalises each. */
  async mindProcessing(): Promise<void> {
    await this.takeProcessing();
    await this.jobs.enqueueForgotten();
  }

  /** Finalises for recorders that are gone: at once where their disk can be seen from here, else when they have had time to come back. */
  private async takeProcessing(): Promise<void> {
    const dead = await this.ownership.findDeadNodes(await this.jobs.findOtherNodes());
    if (dead.length === 0) return;
    const waiting = await this.jobs.findOfNodes(dead);
    for (const fromNodeId of dead) {
      const canSee = await this.footage.canSee(fromNodeId);
      const theirs = waiting.filter(({ nodeId }) => nodeId === fromNodeId);
      for (const row of theirs) if (canSee || !this.mayStillCome(row)) await this.take(row.playbackId, fromNodeId);
    }
  }

  private mayStillCome({ rangeEndAt, isPartlySafe, isExport }: ProcessingElsewhere): boolean {
    return !isExport && this.clock.nowMs() < rangeEndAt.getTime() + waitMsFor(this.config, isPartlySafe);
  }

  private async take(playbackId: string, fromNodeId: string): Promise<void> {
    if (!(await this.jobs.take(playbackId, fromNodeId))) return;
    this.metrics.takeovers.inc();
    this.logger.info('finalising for a recorder that is gone', { playbackId, fromNodeId });
  }
}
