import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import type { CaptureClient } from '../capture/index.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { persist } from '../database/index.js';
import { UploadEngine, UploadRepository } from '../delivery/index.js';
import { type CaptureFiles, segmentId, type StoredFragment } from '../footage/index.js';
import { Metrics } from '../health/index.js';
import type { ActiveRecording } from './active-recording.js';

/** Takes the footage of a recording: what is there already, and what its camera gives. */
@Injectable()
export class FootageIntake {
  private readonly startedAtMs: number;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly states: PlaybackStateRepository,
    private readonly uploads: UploadEngine,
    private readonly sent: UploadRepository,
  ) {
    this.startedAtMs = clock.nowMs();
  }

  /** What another recorder has sent to the store before it was lost counts as footage. */
  async findSafe(recording: ActiveRecording, signal: AbortSignal): Promise<void> {
    const work = () => this.sent.findSentEndMs(recording.playbackId);
    const endMs = await persist(work, this.context(signal));
    if (endMs !== null) recording.isSafeUntil(endMs);
  }

  /** Listens for a recording. */
  clientOf(recording: ActiveRecording, signal: AbortSignal): CaptureClient {
    return {
      id: recording.playbackId,
      onFragment: (capture, fragment) => {
        const lateMs = this.clock.nowMs() - (capture.epochMs + fragment.startMs + fragment.durationMs);
        recording.newest = { lateMs, leanMs: fragment.leanMs ?? 0 };
        const { footageEndMs } = recording;
        const isFirst = this.add(recording, capture, fragment, signal);
        if (recording.footageEndMs !== footageEndMs) recording.takenAtMs = performance.now();
        if (!isFirst) return;
        const waitedMs = this.clock.nowMs() - recording.triggeredAtMs;
        // A scheduled one is opened ahead of its start.
        if (recording.triggeredAtMs >= this.startedAtMs && recording.kind !== 'schedule')
          this.metrics.triggerToFirstFragmentSec.observe(waitedMs / 1_000);
      },
      onFailure: (failure) => recording.fail(failure, this.clock.nowMs()),
      onIdle: () => recording.changed(),
    };
  }

  /** @returns whether it was the recording's first fragment */
  add(recording: ActiveRecording, capture: CaptureFiles, fragment: StoredFragment, signal: AbortSignal): boolean {
    const startMs = capture.epochMs + fragment.startMs;
    const span = { startMs, endMs: startMs + fragment.durationMs };
    const taken = recording.add(fragment, span, capture.captureId);
    const { playbackId } = recording;
    if (taken !== 'foreign') this.uploads.append(playbackId, capture, fragment);
    if (taken !== 'first') return false;
    const { manager } = this.dataSource;
    const patch = { startedAt: new Date(startMs), firstFragment: segmentId(capture.captureId, fragment) };
    recording.begun = persist(
      () => this.states.transition(manager, playbackId, 'RECORDING', patch),
      this.context(signal),
    ).then(
      () => undefined,
      (error: unknown) =>
        this.logger.warn('stopped before the row could say RECORDING; the next start mends it', {
          playbackId,
          err: error,
        }),
    );
    return true;
  }

  private context(signal: AbortSignal): { clock: Clock; logger: AppLogger; signal: AbortSignal } {
    return { clock: this.clock, logger: this.logger, signal };
  }
}
