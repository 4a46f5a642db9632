import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import type { GapCause } from '../../schema/ledger.js';
import { InterruptionRepository } from '../catalogue/index.js';
import { persist } from '../database/index.js';
import type { ActiveRecording } from './active-recording.js';
import { knownUntil } from './domain/known-until.js';

/** An event takes a moment to reach us; what is wanted from longer before its arrival is a pre-roll. */
const MIN_PRE_ROLL_MS = 500;
/** Why a recording was taken up later than it was wanted. */
export interface Missed {
  cause: GapCause;
  why: string;
}

/** Writes down what a recording misses because of when it was taken up. */
@Injectable()
export class MissedFootage {
  private readonly startedAtMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly interruptions: InterruptionRepository,
  ) {
    this.startedAtMs = clock.nowMs();
  }

  /** What passed before this recorder took the recording up is a gap with a cause of its own. */
  async noteMissed(recording: ActiveRecording, signal: AbortSignal): Promise<void> {
    const missed = this.reasonOf(recording);
    if (!missed) return;
    const { stream, playbackId, durationMs, footageEndMs, rangeStartMs, triggeredAtMs, openedAtMs } = recording;
    const { cause, why } = missed;
    const wantedMs = Math.max(rangeStartMs, triggeredAtMs);
    const since = footageEndMs ?? (cause === 'service_stopped' ? rangeStartMs : wantedMs);
    const endMs = Math.min(openedAtMs, recording.rangeEndMs ?? Infinity);
    if (endMs <= since) return;
    // That the camera was away before the recorder was is what its last word says.
    const known = await persist(() => this.interruptions.find(stream, { startMs: since, endMs }), this.context(signal));
    const span = { startMs: knownUntil(since, known), endMs, cause };
    if (span.endMs <= span.startMs) return;
    this.logger.info('recording taken up late', { playbackId, cause, footageMs: Math.round(durationMs) });
    const detail = `Nothing was recorded, since ${why}.`;
    await persist(() => this.interruptions.insert(stream, span, detail), this.context(signal));
  }

  /** Before the trigger there is only what was captured anyway. */
  async noteNoPreRoll(recording: ActiveRecording, capturedSinceMs: number, signal: AbortSignal): Promise<void> {
    const { stream, kind, rangeStartMs, triggeredAtMs, resumed } = recording;
    const span = {
      startMs: rangeStartMs,
      endMs: Math.min(capturedSinceMs, triggeredAtMs),
      cause: 'no_pre_roll' as const,
    };
    if (resumed || kind === 'schedule' || span.endMs - span.startMs < MIN_PRE_ROLL_MS) return;
    await persist(
      () => this.interruptions.insert(stream, span, 'Nobody captured the camera before.'),
      this.context(signal),
    );
  }

  /** Why a recording was taken up late, if it was. */
  reasonOf({ kind, rangeStartMs, triggeredAtMs, resumed, waitedForSlot }: ActiveRecording): Missed | null {
    if (resumed || triggeredAtMs < this.startedAtMs)
      return { cause: 'service_stopped', why: 'the recorder was not running' };
    if (kind === 'schedule' && triggeredAtMs - rangeStartMs > MIN_PRE_ROLL_MS)
      return { cause: 'service_stopped', why: 'no recorder began it when it was due' };
    return waitedForSlot ? { cause: 'waiting_for_slot', why: 'all recording slots were taken' } : null;
  }

  private context(signal: AbortSignal): { clock: Clock; logger: AppLogger; signal: AbortSignal } {
    return { clock: this.clock, logger: this.logger, signal };
  }
}
