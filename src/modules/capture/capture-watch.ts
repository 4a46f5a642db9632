import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { CaptureFailure } from './domain/failure.js';
import { findStandstill, type LivenessLimits } from './domain/liveness.js';
import type { FfmpegProcess } from './ffmpeg.process.js';

/** How often it looks. */
const INTERVAL_MS = 500;
/** More than this from one look to the next says that this process was away, not the camera. */
const LONGEST_LOOK_MS = 2 * INTERVAL_MS;

/** FFmpeg's own time-out is half of the limit for a camera that sends nothing, and it ends within 5.3 s more (measured): this is enough for both. */
const LONGEST_WITHOUT_BYTES = 1.1;

/**
 * Looks at what an FFmpeg hears and gives, not at the process: a stalled one lives on. Its time goes on only while we were there to
 * hear: not while this process did nothing at all, while a slow disk kept us from reading, or while what was given waits to be read.
 */
export class CaptureWatch {
  private awakeMs = 0;
  private lookedAtMs = performance.now();
  private frames = 0;
  private pictureAtMs: number | null = null;
  private fragmentAtMs: number | null = null;
  private heardAtMs = performance.now();
  /** How long the last fragment was waited for, by the clock. */
  private waitedMs = 0;

  /** @param isBusy whether we have not come to reading what FFmpeg gives */
  constructor(
    private readonly ffmpeg: FfmpegProcess,
    private readonly limits: LivenessLimits,
    private readonly isBusy: () => boolean,
  ) {}

  /** A whole fragment has come. */
  noteFragment(): void {
    this.look();
    this.fragmentAtMs = this.awakeMs;
    this.waitedMs = this.unheardMs;
    this.heardAtMs = performance.now();
  }

  /** Since a fragment came last, or since the start. */
  get silentMs(): number {
    this.look();
    return this.awakeMs - (this.fragmentAtMs ?? 0);
  }

  /**
   * How long an FFmpeg that has ended by itself had heard nothing, by the clock, whether we were there to hear or not: it was. What it
   * held comes only when it ends, so that the wait before its last fragment counts too.
   */
  get longestUnheardMs(): number {
    return Math.max(this.waitedMs, this.unheardMs);
  }

  private get unheardMs(): number {
    return performance.now() - this.heardAtMs;
  }

  /** Whether FFmpeg has heard any picture, and since when none. */
  get pictureAgoMs(): number | null {
    this.look();
    return this.pictureAtMs === null ? null : this.awakeMs - this.pictureAtMs;
  }

  /** The camera sends: pictures have come, or FFmpeg has looked for longer than it looks at a connection without a byte. */
  get isHearing(): boolean {
    this.look();
    const { pictureAtMs, awakeMs, limits } = this;
    if (pictureAtMs !== null) return awakeMs - pictureAtMs <= limits.stallTimeoutMs;
    return awakeMs > limits.stallTimeoutMs * LONGEST_WITHOUT_BYTES;
  }

  /** @returns why the session must end, or null when `done` aborts before */
  async run(done: AbortSignal): Promise<CaptureFailure | null> {
    for (;;) {
      try {
        await delay(INTERVAL_MS, undefined, { signal: done });
      } catch {
        return null; // FFmpeg has ended by itself
      }
      this.look();
      const standstill = findStandstill(this.seen(), this.limits);
      if (standstill && this.ffmpeg.stdout.readableLength === 0) return standstill;
    }
  }

  private look(): void {
    const nowMs = performance.now();
    const isAway = this.isBusy() || this.ffmpeg.stdout.readableLength > 0;
    if (!isAway) this.awakeMs += Math.min(nowMs - this.lookedAtMs, LONGEST_LOOK_MS);
    this.lookedAtMs = nowMs;
    const frames = this.ffmpeg.progress?.frames ?? 0;
    if (frames === this.frames) return;
    this.frames = frames;
    this.pictureAtMs = this.awakeMs;
  }

  private seen() {
    const { pictureAtMs, fragmentAtMs, awakeMs } = this;
    return {
      runsMs: awakeMs,
      isLooking: this.ffmpeg.progress === null,
      pictureAgoMs: pictureAtMs === null ? null : awakeMs - pictureAtMs,
      fragmentAgoMs: fragmentAtMs === null ? null : awakeMs - fragmentAtMs,
    };
  }
}
