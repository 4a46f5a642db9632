import { Mp4Error } from '../mp4/boxes.js';
import { dropFirst } from '../mp4/fragment-cut.js';
import type { InitSegment } from '../mp4/init-segment.js';
import { readTrackFragments, type TrackFragment } from '../mp4/track-fragment.js';

/** How far each track of a file has come, fragment by fragment. */
export class TrackPlaces {
  /** When the newest sample of a track begins, in its own ticks. */
  private readonly lastTicks = new Map<number, number>();

  /**
   * Moves all tracks of a `moof` by the same time, in place. What of the sound would come to lie before the start of the file, or not behind
   * the sound that is there already, is cut: no time can be below 0, and none may be held back without being out of step from then on.
   * @param shiftMs may be negative
   * @throws Mp4Error when a picture would lie before the start of the file
   */
  put(moof: Buffer, init: InitSegment, shiftMs: number): void {
    for (const fragment of readTrackFragments(moof, init)) {
      const { track, startTicks, startAt } = fragment;
      const shiftedTicks = startTicks + Math.round((shiftMs * track.timescale) / 1_000);
      const atTicks = track === init.video ? shiftedTicks : this.cutEarly(moof, fragment, shiftedTicks);
      if (!(atTicks >= 0)) throw new Mp4Error(`a decode time of track ${track.trackId} would become negative`);
      moof.writeBigUInt64BE(BigInt(atTicks), startAt);
    }
  }

  /** @returns when the first sample that is left begins */
  private cutEarly(moof: Buffer, fragment: TrackFragment, shiftedTicks: number): number {
    const { track, samples } = fragment;
    const earliestTicks = (this.lastTicks.get(track.trackId) ?? -1) + 1;
    let [atTicks, early] = [shiftedTicks, 0];
    for (; early < samples.length && atTicks < earliestTicks; early += 1) atTicks += samples[early]!.durationTicks;
    if (early > 0) dropFirst(moof, fragment, early);
    if (early === samples.length) return Math.max(0, atTicks);
    const toLast = samples.slice(early, -1).reduce((sum, { durationTicks }) => sum + durationTicks, 0);
    this.lastTicks.set(track.trackId, atTicks + toLast);
    return atTicks;
  }
}
