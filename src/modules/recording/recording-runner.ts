import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { type CaptureHold, CapturePool, failureWith } from '../capture/index.js';
import { FootageReader, inRange, type SegmentChoice, selectFootage } from '../footage/index.js';
import type { ActiveRecording } from './active-recording.js';
import { endGraceMs, planNextStep } from './domain/recording-plan.js';
import { FootageIntake } from './footage-intake.js';
import { MissedFootage } from './missed-footage.js';
import { type CloseResult, RecordingCloser } from './recording-closer.js';

/**
 * An event that was over for longer than this when the recorder came to it has nothing left to record. Until then a fragment from behind
 * its end is worth more than nothing, and the ledger says how late it is.
 */
const TOO_LATE_MS = 30_000;

/** The life of one recording: what is there already, then the camera until the range has ended, then its end. */
@Injectable()
export class RecordingRunner {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly footage: FootageReader,
    private readonly pool: CapturePool,
    private readonly intake: FootageIntake,
    private readonly missed: MissedFootage,
    private readonly closer: RecordingCloser,
  ) {}

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
      if (first) await this.missed.noteMissed(recording, signal);
      if (first && hold) await this.missed.noteNoPreRoll(recording, hold.capture.sinceMs, signal);
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
      await this.intake.findSafe(recording, signal);
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
    const { stream, footageNodes } = recording;
    // Its range may change while the log is read.
    const rangeUpTo = (nowMs: number) => ({
      startMs: recording.rangeStartMs,
      endMs: recording.rangeEndMs ?? nowMs,
    });
    const wanted: SegmentChoice = (capture) => inRange(rangeUpTo(Infinity))(capture);
    return this.footage.read(stream, footageNodes, wanted, ({ captures }) => {
      for (const { capture, fragments } of selectFootage(captures, rangeUpTo(this.clock.nowMs()))) {
        for (const fragment of fragments) this.intake.add(recording, capture, fragment, signal);
      }
      if (mayAsk && recording.footageEndMs === null) return 'nothing';
      return this.isOver(recording) ? null : this.join(recording, signal);
    });
  }

  private join(recording: ActiveRecording, signal: AbortSignal): CaptureHold {
    const hold = this.pool.join(recording.stream, this.intake.clientOf(recording, signal));
    // Others may have been waiting for the camera already.
    if (hold.capture.failure) recording.fail(hold.capture.failure, recording.rangeStartMs);
    return hold;
  }

  /** Its range ended while nobody ran it: nothing more can be had. A short event that has just ended still gets a fragment. */
  private isOver(recording: ActiveRecording): boolean {
    const { stream, rangeEndMs, openedAtMs, wholeUntilMs, lacksEvent } = recording;
    if (rangeEndMs === null || rangeEndMs > openedAtMs) return false;
    // The fragment that reaches the end may still be on its way.
    if (wholeUntilMs !== null && !lacksEvent) return wholeUntilMs >= rangeEndMs || !this.pool.has(stream);
    if (openedAtMs - rangeEndMs <= TOO_LATE_MS) return false;
    // There is what was kept from before the trigger, so it has not failed.
    if (wholeUntilMs !== null) return true;
    const missed = this.missed.reasonOf(recording) ?? { cause: 'unknown', why: 'the recorder heard of it too late' };
    const tooLate = { code: 'RECORDING.TOO_LATE', values: { why: missed.why } } as const;
    recording.fail(failureWith(tooLate, { cause: missed.cause, permanent: true }), openedAtMs);
    return true;
  }

  /** Waits until there is nothing more to wait for. */
  private async follow(recording: ActiveRecording, hold: CaptureHold | null, signal: AbortSignal): Promise<void> {
    const { startTimeoutMs, stallTimeoutMs, keyFrameTimeoutMs, lookTimeoutMs } = this.config.recording;
    // The watchdog gives it up a moment before, and says why.
    const heardTimeoutMs = Math.max(keyFrameTimeoutMs, lookTimeoutMs) + stallTimeoutMs;
    let hurried = false;
    while (!signal.aborted && !recording.isAbandoned) {
      const nowMs = this.clock.nowMs();
      const { openedAtMs, rangeEndMs, endsMs, wholeUntilMs, lacksEvent, failedAtMs, phase } = recording;
      const hopeless = hold === null || hold.capture.isHopeless;
      const captureLive = hold?.capture.isLive ?? false;
      const unplacedSinceMs = hold?.capture.unplacedSinceMs ?? null;
      const known = { openedAtMs, rangeEndMs, endsMs, wholeUntilMs, lacksEvent, failedAtMs, phase };
      const heardSinceMs = hold?.capture.heardSinceMs ?? null;
      const graceMs = endGraceMs(recording.newest);
      const times = { startTimeoutMs, heardTimeoutMs, endGraceMs: graceMs, tailTimeoutMs: stallTimeoutMs };
      // The kernel is asked only then.
      const isDue = rangeEndMs !== null && nowMs >= rangeEndMs + graceMs && phase === 'follows';
      const isBehind = isDue && (hold?.capture.isBehind ?? false);
      const seen = { hopeless, captureLive, isBehind, unplacedSinceMs, heardSinceMs };
      const next = planNextStep({ nowMs, ...known, ...seen }, times);
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
}
