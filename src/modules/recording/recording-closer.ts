import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { sentenceOf } from '../../common/error-catalogue.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';
import type { ActiveRecording } from './active-recording.js';
import { type CameraCapture, CaptureFactory } from '../capture/index.js';
import { buildLedger } from '../../schema/ledger.js';
import { LogRetention } from '../retention/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { persist } from '../database/index.js';
import { InterruptionRepository, PlaybackRows, PlaybackStateRepository } from '../catalogue/index.js';

/** `reopened`: an event has joined at the last moment, so it goes on. */
export type CloseResult = 'closed' | 'reopened';

/** Ends a recording in the database: PROCESSING with its job when there is footage, FAILED when there is none. */
@Injectable()
export class RecordingCloser {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly captures: CaptureFactory,
    private readonly retention: LogRetention,
    private readonly rows: PlaybackRows,
    private readonly interruptions: InterruptionRepository,
    private readonly states: PlaybackStateRepository,
  ) {}

  /** Goes on until the database has taken it, or `signal` aborts. */
  async close(recording: ActiveRecording, capture: CameraCapture | null, signal: AbortSignal): Promise<CloseResult> {
    const { clock, logger } = this;
    await recording.begun;
    // Others may go on waiting for the camera: its present silence is this recording's gap too.
    capture?.flushInterruption();
    await this.captures.interruptionsSaved(recording.cameraId);
    return persist(() => this.closeOnce(recording), { clock, logger, signal });
  }

  /** Under the row's lock: an event may join at the last moment, and another recorder may have taken it over. */
  private async closeOnce(recording: ActiveRecording): Promise<CloseResult> {
    const result = await this.dataSource.transaction(async (manager): Promise<CloseResult> => {
      const row = await this.rows.findLocked(manager, recording.playbackId);
      if (row?.nodeId !== this.node.nodeId) {
        recording.abandon();
        return 'closed';
      }
      const hasFootage = recording.footageEndMs !== null;
      const rangeEndMs = row.rangeEndAt?.getTime() ?? null;
      // Its end has moved since it was told, or is still to come.
      const overMs = Math.min(recording.rangeEndMs ?? -Infinity, this.clock.nowMs());
      if (hasFootage && (rangeEndMs === null || rangeEndMs > overMs)) {
        recording.setRange(recording.rangeStartMs, rangeEndMs);
        return 'reopened';
      }
      await (hasFootage ? this.process(manager, recording) : this.fail(manager, recording));
      return 'closed';
    });
    if (recording.footageEndMs === null) this.retention.wake();
    return result;
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
    { playbackId, cameraId, rangeStartMs, rangeEndMs, lastFailure }: ActiveRecording,
  ): Promise<void> {
    const range = { startMs: rangeStartMs, endMs: rangeEndMs ?? this.clock.nowMs() };
    const noted = await this.interruptions.find(cameraId, range);
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
