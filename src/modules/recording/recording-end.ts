import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { sentenceOf } from '../../common/error-catalogue.js';
import { AppConfig } from '../../config/app-config.js';
import { buildLedger } from '../../schema/ledger.js';
import { InterruptionRepository, PlaybackStateRepository } from '../catalogue/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';
import type { ActiveRecording } from './active-recording.js';

/** What the row of a recording says when it is over, within the transaction that holds its lock. */
@Injectable()
export class RecordingEnd {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly interruptions: InterruptionRepository,
    private readonly states: PlaybackStateRepository,
  ) {}

  /** PROCESSING with its job when there is footage, FAILED when there is none. */
  async write(manager: EntityManager, recording: ActiveRecording): Promise<void> {
    await (recording.footageEndMs === null ? this.fail(manager, recording) : this.process(manager, recording));
  }

  private async process(
    manager: EntityManager,
    { playbackId, footageEndMs, rangeEndMs }: ActiveRecording,
  ): Promise<void> {
    const endMs = footageEndMs ?? this.clock.nowMs();
    const patch = { endedAt: new Date(endMs), rangeEndAt: new Date(rangeEndMs ?? endMs) };
    const options = { key: finaliseKey(playbackId), nodeId: this.node.nodeId };
    if (!(await this.states.transition(manager, playbackId, 'PROCESSING', patch))) return;
    await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, options);
  }

  private async fail(
    manager: EntityManager,
    { playbackId, stream, rangeStartMs, rangeEndMs, lastFailure }: ActiveRecording,
  ): Promise<void> {
    const range = { startMs: rangeStartMs, endMs: rangeEndMs ?? this.clock.nowMs() };
    const noted = await this.interruptions.find(stream, range);
    const known = lastFailure ? [{ ...range, cause: lastFailure.cause }] : [];
    const seconds = this.config.recording.startTimeoutMs / 1_000;
    const nothing = { code: 'RECORDING.NO_FOOTAGE', values: { seconds } } as const;
    await this.states.transition(manager, playbackId, 'FAILED', {
      ...buildLedger(range, [], noted.length > 0 ? noted : known),
      endReason: 'start_failed',
      rangeEndAt: new Date(range.endMs),
      failureCode: lastFailure?.code ?? nothing.code,
      failureMessage: lastFailure?.message ?? sentenceOf(nothing),
    });
  }
}
