import type { InitSegment } from './init-segment.js';
import { type Placed, spreadTrack } from './jump-repair.js';
import { readTrackFragments } from './track-fragment.js';
import type { Usual, UsualTimes } from './usual-times.js';

/**
 * Frames behind crammed ones may begin before the crammed ones, at their usual length, would end: the clock of the sender reports is not
 * quite that of the pictures. They are then moved on, by this much in a session at most. Left where they are, some would not be shown.
 */
const MAX_LAG_MS = 200;

/** What is known of the fragments in which crammed frames are spread. */
export interface Spread {
  /** By how many ticks the first fragment of a track begins before the one in front of it ends. That one's last frame is crammed by as much. */
  overlaps: ReadonlyMap<number, number>;
  /** The frames get all of their time, however far what follows must be moved on. */
  isWhole: boolean;
  /** Times went back for good: what FFmpeg has brought together stays together, and all tracks follow. */
  isTogether: boolean;
}

/** Gives crammed frames their time back, and moves on what follows when there is too little of it. */
export class CrammedFrames {
  /** By how many ticks later samples of a track are moved on, and how much of that is not because its times went back for good. */
  private readonly lagTicks = new Map<number, number>();
  private readonly creptTicks = new Map<number, number>();

  constructor(
    private readonly init: InitSegment,
    private readonly usual: UsualTimes,
  ) {}

  /** Moves a new fragment behind the frames that were spread before it, in place. */
  shift(moof: Buffer): void {
    if (this.lagTicks.size === 0) return;
    for (const { track, startTicks, startAt } of readTrackFragments(moof, this.init)) {
      moof.writeBigInt64BE(BigInt(startTicks + (this.lagTicks.get(track.trackId) ?? 0)), startAt);
    }
  }

  /**
   * Gives crammed frames of consecutive fragments their time back, in place, as far as the frame that stands behind them has it. Where
   * frames are reordered, all stay as they are.
   */
  spread(moofs: readonly Buffer[], { overlaps, isWhole, isTogether }: Spread): void {
    const placed = moofs.flatMap((moof) => readTrackFragments(moof, this.init).map((track) => ({ moof, track })));
    const movedSec = new Map<number, number>();
    for (const { trackId, timescale } of this.init.tracks) {
      const usual = this.usual.of(trackId);
      if (!usual || usual.reorders) continue;
      const own = placed.filter(({ track }) => track.track.trackId === trackId && track.samples.length > 0);
      const owedTicks = overlaps.get(trackId) ?? 0;
      movedSec.set(trackId, this.spreadTrack(own, usual, { owedTicks, isWhole }) / timescale);
    }
    const mostSec = isTogether ? Math.max(...movedSec.values()) : 0;
    for (const { trackId, timescale } of this.init.tracks) {
      const ticks = Math.round(Math.max(movedSec.get(trackId) ?? 0, mostSec) * timescale);
      if (ticks > 0) this.lagTicks.set(trackId, (this.lagTicks.get(trackId) ?? 0) + ticks);
    }
  }

  /** @returns by how many ticks what follows must be moved on */
  private spreadTrack(
    placed: readonly Placed[],
    usual: Usual,
    { owedTicks, isWhole }: { owedTicks: number; isWhole: boolean },
  ): number {
    const [first] = placed;
    if (!first) return 0;
    const { trackId, timescale } = first.track.track;
    const creptTicks = this.creptTicks.get(trackId) ?? 0;
    const mostLagTicks = isWhole ? Infinity : (timescale * MAX_LAG_MS) / 1_000 - creptTicks;
    const moreTicks = spreadTrack(placed, usual, { owedTicks, mostLagTicks });
    if (!isWhole) this.creptTicks.set(trackId, creptTicks + moreTicks);
    return moreTicks;
  }
}
