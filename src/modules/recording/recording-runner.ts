import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { Metrics } from '../health/index.js';
import type { ActiveRecording } from './active-recording.js';
import { type CaptureClient, type CaptureHold, CapturePool, failureWith } from '../capture/index.js';
import {
  type CaptureFiles,
  FootageReader,
  inRange,
  type SegmentChoice,
  segmentId,
  selectFootage,
  type StoredFragment,
} from '../footage/index.js';
import type { GapCause } from '../../schema/ledger.js';
import { knownUntil } from './domain/known-until.js';
import { endGraceMs, planNextStep } from './domain/recording-plan.js';
import { persist } from '../database/index.js';
import { InterruptionRepository, PlaybackStateRepository } from '../catalogue/index.js';
import { type CloseResult, RecordingCloser } from './recording-closer.js';
import { UploadEngine, UploadRepository } from '../delivery/index.js';

/** An event takes a moment to reach us; what is wanted from longer before its arrival is a pre-roll. */
const MIN_PRE_ROLL_MS = 500;
/**
 * An event that was over for longer than this when the recorder came to it has nothing left to record. Until then a fragment from behind
 * its end is worth more than nothing, and the ledger says how late it is.
 */
const TOO_LATE_MS = 30_000;

/** Why a recording was taken up later than it was wanted. */
interface Missed {
  cause: GapCause;
  why: string;
}

/** The life of one recording: what is there already, then the camera until the range has ended, then its end. */
@Injectable()
export class RecordingRunner {
  private readonly startedAtMs: number;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly footage: FootageReader,
    private readonly pool: CapturePool,
    private readonly interruptions: InterruptionRepository,
    private readonly states: PlaybackStateRepository,
    private readonly closer: RecordingCloser,
    private readonly uploads: UploadEngine,
    private readonly sent: UploadRepository,
  ) {
    this.startedAtMs = clock.nowMs();
  }

  /** Resolves when the row is PROCESSING or FAILED, or when `signal` aborts: then the row stays, for the next recorder. */
  async run(recording: ActiveRecording, signal: AbortSignal): Promise<void> {
    for (let first = true; !signal.aborted && !recording.isAbandoned; first = false) {
      if ((await this.runOnce(recording, first, signal)) === 'closed') return;
      recording.demand(); // another event has joined meanwhile
    }
  }

  private async runOnce(recording: ActiveRecording, first: boolean, signal: AbortSignal): Promise<CloseResult> {
    const hold = await this.begin(recording, signal);
    try {
      if (first) await this.noteMissed(recording, signal);
      if (first && hold) await this.noteNoPreRoll(recording, hold.capture.sinceMs, signal);
      await this.follow(recording, hold, signal);
      hold?.release();
      if (signal.aborted || recording.isAbandoned) return 'closed';
      await hold?.capture.idle();
      const result = await this.closer.close(recording, hold?.capture ?? null, signal);
      const { playbackId, cameraId, durationMs } = recording;
      this.logger.info(`recording ${result}`, { playbackId, cameraId, footageMs: Math.round(durationMs) });
      return result;
    } finally {
      hold?.leave();
    }
  }

  /** Takes what is there already, then listens. @returns null when the camera is not needed */
  private async begin(recording: ActiveRecording, signal: AbortSignal): Promise<CaptureHold | null> {
    for (let mayAsk = recording.resumed; ; mayAsk = false) {
      const hold = await this.takeAndJoin(recording, signal, mayAsk);
      if (hold !== 'nothing') return hold;
      await this.findSafe(recording, signal);
    }
  }

  /**
   * Between taking what is there and listening for more nothing may be missed.
   * @returns null when the camera is not needed; `nothing` when `mayAsk`, and no footage is there: then the store may have some
   */
  private async takeAndJoin(
    recording: ActiveRecording,
    signal: AbortSignal,
    mayAsk: boolean,
  ): Promise<CaptureHold | null | 'nothing'> {
    const { cameraId, footageNodes } = recording;
    // Its range may change while the log is read.
    const rangeUpTo = (nowMs: number) => ({
      startMs: recording.rangeStartMs,
      endMs: recording.rangeEndMs ?? nowMs,
    });
    const wanted: SegmentChoice = (capture) => inRange(rangeUpTo(Infinity))(capture);
    return this.footage.read(cameraId, footageNodes, wanted, ({ captures }) => {
      for (const { capture, fragments } of selectFootage(captures, rangeUpTo(this.clock.nowMs()))) {
        for (const fragment of fragments) this.add(recording, capture, fragment, signal);
      }
      if (mayAsk && recording.footageEndMs === null) return 'nothing';
      return this.isOver(recording) ? null : this.join(recording, signal);
    });
  }

  private join(recording: ActiveRecording, signal: AbortSignal): CaptureHold {
    const hold = this.pool.join(recording.cameraId, this.clientOf(recording, signal));
    // Others may have been waiting for the camera already.
    if (hold.capture.failure) recording.fail(hold.capture.failure, recording.rangeStartMs);
    return hold;
  }

  /** What another recorder has sent to the store before it was lost counts as footage. */
  private async findSafe(recording: ActiveRecording, signal: AbortSignal): Promise<void> {
    const work = () => this.sent.findSentEndMs(recording.playbackId);
    const endMs = await persist(work, this.context(signal));
    if (endMs !== null) recording.isSafeUntil(endMs);
  }

  /** Its range ended while nobody ran it: nothing more can be had. A short event that has just ended still gets a fragment. */
  private isOver(recording: ActiveRecording): boolean {
    const { cameraId, rangeEndMs, openedAtMs, wholeUntilMs, lacksEvent } = recording;
    if (rangeEndMs === null || rangeEndMs > openedAtMs) return false;
    // The fragment that reaches the end may still be on its way.
    if (wholeUntilMs !== null && !lacksEvent) return wholeUntilMs >= rangeEndMs || !this.pool.has(cameraId);
    if (openedAtMs - rangeEndMs <= TOO_LATE_MS) return false;
    // There is what was kept from before the trigger, so it has not failed.
    if (wholeUntilMs !== null) return true;
    const missed = this.missed(recording) ?? { cause: 'unknown', why: 'the recorder heard of it too late' };
    const tooLate = { code: 'RECORDING.TOO_LATE', values: { why: missed.why } } as const;
    recording.fail(failureWith(tooLate, { cause: missed.cause, permanent: true }), openedAtMs);
    return true;
  }

  /** What passed before this recorder took the recording up is a gap with a cause of its own. */
  private async noteMissed(recording: ActiveRecording, signal: AbortSignal): Promise<void> {
    const missed = this.missed(recording);
    if (!missed) return;
    const { cameraId, playbackId, durationMs, footageEndMs, rangeStartMs, triggeredAtMs, openedAtMs } = recording;
    const { cause, why } = missed;
    const since = footageEndMs ?? (cause === 'service_stopped' ? rangeStartMs : triggeredAtMs);
    const endMs = Math.min(openedAtMs, recording.rangeEndMs ?? Infinity);
    if (endMs <= since) return;
    // That the camera was away before the recorder was is what its last word says.
    const known = await persist(
      () => this.interruptions.find(cameraId, { startMs: since, endMs }),
      this.context(signal),
    );
    const span = { startMs: knownUntil(since, known), endMs, cause };
    if (span.endMs <= span.startMs) return;
    this.logger.info('recording taken up late', { playbackId, cause, footageMs: Math.round(durationMs) });
    const detail = `Nothing was recorded, since ${why}.`;
    await persist(() => this.interruptions.insert(cameraId, span, detail), this.context(signal));
  }

  /** Before the trigger there is only what was captured anyway. */
  private async noteNoPreRoll(recording: ActiveRecording, capturedSinceMs: number, signal: AbortSignal): Promise<void> {
    const { cameraId, rangeStartMs, triggeredAtMs, resumed } = recording;
    const span = {
      startMs: rangeStartMs,
      endMs: Math.min(capturedSinceMs, triggeredAtMs),
      cause: 'no_pre_roll' as const,
    };
    if (resumed || span.endMs - span.startMs < MIN_PRE_ROLL_MS) return;
    await persist(
      () => this.interruptions.insert(cameraId, span, 'Nobody captured the camera before.'),
      this.context(signal),
    );
  }

  private missed({ triggeredAtMs, resumed, waitedForSlot }: ActiveRecording): Missed | null {
    if (resumed || triggeredAtMs < this.startedAtMs)
      return { cause: 'service_stopped', why: 'the recorder was not running' };
    return waitedForSlot ? { cause: 'waiting_for_slot', why: 'all recording slots were taken' } : null;
  }

  /** Waits until there is nothing more to wait for. */
  private async follow(recording: ActiveRecording, hold: CaptureHold | null, signal: AbortSignal): Promise<void> {
    const { startTimeoutMs, stallTimeoutMs, keyFrameTimeoutMs, lookTimeoutMs } = this.config.recording;
    // The watchdog gives it up a moment before, and says why.
    const heardTimeoutMs = Math.max(keyFrameTimeoutMs, lookTimeoutMs) + stallTimeoutMs;
    let hurried = false;
    while (!signal.aborted && !recording.isAbandoned) {
      const nowMs = this.clock.nowMs();
      const { openedAtMs, rangeEndMs, wholeUntilMs, lacksEvent, failedAtMs, phase } = recording;
      const hopeless = hold === null || hold.capture.isHopeless;
      const captureLive = hold?.capture.isLive ?? false;
      const unplacedSinceMs = hold?.capture.unplacedSinceMs ?? null;
      const known = { openedAtMs, rangeEndMs, wholeUntilMs, lacksEvent, failedAtMs, phase };
      const heardSinceMs = hold?.capture.heardSinceMs ?? null;
      const times = {
        startTimeoutMs,
        heardTimeoutMs,
        endGraceMs: endGraceMs(recording.newest),
        tailTimeoutMs: stallTimeoutMs,
      };
      const next = planNextStep({ nowMs, ...known, hopeless, captureLive, unplacedSinceMs, heardSinceMs }, times);
      if (next.step === 'finish') return;
      if (next.step === 'release') {
        recording.release();
        hold?.release();
        continue;
      }
      if (!hurried && lacksEvent && rangeEndMs !== null && rangeEndMs <= nowMs) {
        hurried = true;
        hold?.capture.hurry();
      }
      await recording.nextChange(next.untilMs, nowMs);
    }
  }

  private clientOf(recording: ActiveRecording, signal: AbortSignal): CaptureClient {
    return {
      id: recording.playbackId,
      onFragment: (capture, fragment) => {
        const lateMs = this.clock.nowMs() - (capture.epochMs + fragment.startMs + fragment.durationMs);
        recording.newest = { lateMs, leanMs: fragment.leanMs ?? 0 };
        if (!this.add(recording, capture, fragment, signal)) return;
        const waitedMs = this.clock.nowMs() - recording.triggeredAtMs;
        if (recording.triggeredAtMs >= this.startedAtMs)
          this.metrics.triggerToFirstFragmentSec.observe(waitedMs / 1_000);
      },
      onFailure: (failure) => recording.fail(failure, this.clock.nowMs()),
      onIdle: () => recording.changed(),
    };
  }

  /** @returns whether it was the recording's first fragment */
  private add(
    recording: ActiveRecording,
    capture: CaptureFiles,
    fragment: StoredFragment,
    signal: AbortSignal,
  ): boolean {
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
