import { CrammedFrames } from './crammed-frames.js';
import type { InitSegment, Track } from './init-segment.js';
import { mendTrack } from './jump-repair.js';
import { areAlike, JUMP_MS, mayBeRate, measureOddity, type Oddity } from './odd-times.js';
import { OrderWatch } from './order-watch.js';
import { TrackEnds } from './track-ends.js';
import { readTrackFragments, type TrackFragment } from './track-fragment.js';
import { type Usual, UsualTimes } from './usual-times.js';

/** Until a stream's first sender report FFmpeg guesses times, and may cram frames around the report. In this time crammed frames are no jump of the camera. */
const START_MS = 5_000;

/** How far media that ends then is ahead of its arrival. */
type AheadMs = (endMs: number) => number;

/**
 * Finds jumps in the times that FFmpeg writes. At a jump forward, FFmpeg shows one frame until the new time. At a jump backward, it puts
 * frames one tick apart (crammed) until the stream has caught up with its old time. Tracks may jump at different moments. Times alone
 * cannot tell a jump from a pause of the camera, and arrivals alone cannot tell a pause from a busy machine: so both are compared.
 */
export class JumpWatch {
  private readonly usual = new UsualTimes();
  private readonly order: OrderWatch;
  private readonly crammed: CrammedFrames;
  private readonly ends: TrackEnds;
  private readonly crammedMs = new Map<number, number>();
  /** How long the last frame of a track stands. */
  private readonly lastTicks = new Map<number, number>();
  /** The last picture of a fragment is shown for long, by so much. Either the times have jumped, or the camera has slowed down: the next picture tells. */
  private readonly doubtsMs = new Map<number, number>();
  /** Tracks whose last fragment has crammed frames, or ends with one that is shown for long; and whether their media is late by what was crammed. */
  private readonly open = new Map<number, boolean>();
  private firstMs: number | null = null;
  /** Times of the fragments that are held went back, and nothing brings them forward again. */
  private hasStepped = false;

  constructor(private readonly init: InitSegment) {
    this.order = new OrderWatch(init, this.usual);
    this.crammed = new CrammedFrames(init, this.usual);
    this.ends = new TrackEnds(init);
  }

  /** Times or order of the last frames are not usual. The next fragment tells whether that is a jump; if it is, both are mended. */
  get isOpen(): boolean {
    return this.order.isOpen || this.open.size > 0;
  }

  /** Moves a new fragment behind the frames that were spread before it, in place. */
  shift(moof: Buffer): void {
    this.crammed.shift(moof);
  }

  /**
   * Looks at the next fragment.
   * @returns by how much its times jump, below zero backward, or 0
   */
  look(moof: Buffer, aheadMs: AheadMs): number {
    const tracks = readTrackFragments(moof, this.init).filter(({ samples }) => samples.length > 0);
    if (!this.isOpen) this.release();
    for (const { track, startTicks } of tracks) this.firstMs ??= (startTicks * 1_000) / track.timescale;
    this.ends.look(tracks);
    this.order.look(tracks);
    // Sound alone tells only of itself.
    if (tracks.some(({ track }) => track === this.init.video)) this.open.clear();
    for (const track of tracks) {
      const jumpMs = this.jumpIn(track, aheadMs);
      if (jumpMs !== 0) return jumpMs;
    }
    if (this.order.tellsUsual) for (const track of tracks) this.usual.learn(track);
    return 0;
  }

  /**
   * Gives the frames of consecutive fragments, the last of which jumps, their usual length, in place; where frames are reordered, all
   * behind the jump are cut.
   */
  mend(moofs: readonly Buffer[]): void {
    this.order.cutBehindJump(moofs);
    const ends = new Map<number, number>();
    for (const moof of moofs) {
      for (const fragment of readTrackFragments(moof, this.init)) {
        const { trackId } = fragment.track;
        const usual = this.usual.of(trackId);
        if (!usual) continue;
        const startTicks = ends.get(trackId) ?? fragment.startTicks + (this.ends.overlaps.get(trackId) ?? 0);
        moof.writeBigInt64BE(BigInt(startTicks), fragment.startAt);
        ends.set(trackId, startTicks + mendTrack(moof, fragment, usual));
      }
    }
  }

  /**
   * Gives crammed frames of consecutive fragments their time back, in place, as far as the frame that stands behind them has it. Where
   * frames are reordered, all stay as they are. When times went back for good, what still comes is moved on by what is missing.
   * @param isEnd nothing follows: they get their usual time if their media is late by that
   */
  spread(moofs: readonly Buffer[], isEnd = false): void {
    const { hasStepped } = this;
    const isWhole = hasStepped || (isEnd && [...this.open.values()].includes(true));
    this.crammed.spread(moofs, { overlaps: this.ends.overlaps, isWhole, isTogether: hasStepped });
  }

  /**
   * Cuts frames whose order is lost from consecutive fragments, in place, since the camera's times have jumped by hours; what FFmpeg gives of
   * that moment has even times, and keeps them.
   */
  cutDisordered(moofs: readonly Buffer[]): void {
    this.order.cutDisordered(moofs);
  }

  /** What was held is written: the next fragment is looked at as one that follows it. */
  release(): void {
    this.order.release();
    this.open.clear();
    this.ends.release();
    this.hasStepped = false;
  }

  private jumpIn(fragment: TrackFragment, aheadMs: AheadMs): number {
    const { track, samples } = fragment;
    const { trackId } = track;
    this.open.delete(trackId);
    const lastTicks = this.lastTicks.get(trackId) ?? 0;
    this.lastTicks.set(trackId, samples.at(-1)!.durationTicks);
    const usual = this.usual.of(trackId);
    if (!usual) return 0;
    const doubtMs = this.doubtsMs.get(trackId);
    this.doubtsMs.delete(trackId);
    if (doubtMs !== undefined && !areAlike(lastTicks, samples[0]!.durationTicks)) return doubtMs;
    const oddity = measureOddity(fragment, usual, lastTicks);
    return this.forwardIn(fragment, { usual, oddity, aheadMs }) || this.backIn(track, oddity, aheadMs);
  }

  private forwardIn(
    fragment: TrackFragment,
    { usual, oddity, aheadMs }: { usual: Usual; oddity: Oddity; aheadMs: AheadMs },
  ): number {
    const { forwardMs, backMs, endMs } = oddity;
    const isAhead = forwardMs - backMs > JUMP_MS && aheadMs(endMs) > forwardMs / 2;
    if (!isAhead || this.isJoining(fragment.track, forwardMs)) return 0;
    if (!mayBeRate(fragment, usual, forwardMs)) return forwardMs;
    this.doubtsMs.set(fragment.track.trackId, forwardMs);
    this.open.set(fragment.track.trackId, false);
    return 0;
  }

  private backIn({ trackId }: Track, { forwardMs, backMs, stoodMs, endMs }: Oddity, aheadMs: AheadMs): number {
    const before = this.crammedMs.get(trackId) ?? 0;
    const crammedMs = backMs > 0 ? Math.max(0, before + backMs - forwardMs - stoodMs) : 0;
    this.crammedMs.set(trackId, crammedMs);
    const lateMs = -aheadMs(endMs);
    const isVideo = trackId === this.init.video.trackId;
    this.hasStepped ||= isVideo && backMs === 0 && before > JUMP_MS && lateMs > before / 2;
    // Crammed frames bring the media nowhere: only the arrivals tell how long it has run.
    const isStart = this.firstMs === null || endMs + lateMs - this.firstMs < START_MS;
    const isMuch = crammedMs > JUMP_MS;
    const isLate = lateMs > crammedMs / 2;
    // Much of it that did not make the media late is how this camera sends.
    if (crammedMs > 0 && (isStart || !isMuch)) this.open.set(trackId, isLate);
    return !isStart && isMuch && isLate ? -crammedMs : 0;
  }

  /**
   * Of a camera whose answer to PLAY does not say how its tracks belong together, FFmpeg moves one to where another is already, when it has heard
   * the sender reports of both. Before a camera's jump the tracks are together.
   */
  private isJoining(track: Track, forwardMs: number): boolean {
    return this.ends.isBehindAnother(track, forwardMs / 2);
  }
}
