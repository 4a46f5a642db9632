import { Mp4Error } from '../boxes.js';
import { dropFirst } from '../fragment-cut.js';
import type { InitSegment } from '../init-segment.js';
import { readTrackFragments, type TrackFragment } from '../track-fragment.js';

/** Sound that goes on behind its pictures is cut in the end: twelve seconds of it at 48 kHz. */
const MOST_SAMPLES = 600;

interface PlacedSample {
  startTicks: number;
  endTicks: number;
}

/** How far each track of a file has come, fragment by fragment. */
export class TrackPlaces {
  /** The newest samples of each track without pictures, in its own ticks. */
  private readonly last = new Map<number, { samples: PlacedSample[]; timescale: number }>();

  /** When the last of the tracks without pictures is over; without end below 0 when there is none. */
  get soundEndMs(): number {
    return Math.max(
      ...[...this.last.values()].map(({ samples, timescale }) => (samples.at(-1)!.endTicks * 1_000) / timescale),
    );
  }

  /**
   * Moves all tracks of a `moof` by the same time, in place. What of the sound would come to lie before the start of the file, or not behind
   * the sound that is there already, is cut: no time can be below 0, and none may be held back without being out of step from then on.
   * @param shiftMs may be negative
   * @throws Mp4Error when a picture would lie before the start of the file
   */
  put(moof: Buffer, init: InitSegment, shiftMs: number): void {
    for (const fragment of readTrackFragments(moof, init)) {
      const { track, startTicks, startAt } = fragment;
      const shiftedTicks = startTicks + ticksAt(shiftMs, track);
      const atTicks = track === init.video ? shiftedTicks : this.cutEarly(moof, fragment, shiftedTicks);
      if (!(atTicks >= 0)) throw new Mp4Error(`a decode time of track ${track.trackId} would become negative`);
      moof.writeBigUInt64BE(BigInt(atTicks), startAt);
    }
  }

  /** What lies at or behind that time is not going to stay. */
  endAt(ms: number): void {
    for (const [trackId, last] of this.last) {
      const ticks = ticksAt(ms, last);
      const kept = last.samples.filter(({ startTicks }) => startTicks < ticks);
      const isForgotten = kept.length === 0 && last.samples.length === MOST_SAMPLES;
      if (isForgotten) kept.push({ startTicks: ticks - 1, endTicks: ticks });
      last.samples = kept;
      const newest = kept.at(-1);
      // Nothing of it stays: what follows is as free as if there had been none.
      if (!newest) this.last.delete(trackId);
      else newest.endTicks = Math.min(newest.endTicks, ticks);
    }
  }

  /** @returns when the first sample that is left begins */
  private cutEarly(moof: Buffer, fragment: TrackFragment, shiftedTicks: number): number {
    const { track, samples } = fragment;
    const before = this.last.get(track.trackId)?.samples ?? [];
    const earliestTicks = (before.at(-1)?.startTicks ?? -1) + 1;
    let [atTicks, early] = [shiftedTicks, 0];
    for (; early < samples.length && atTicks < earliestTicks; early += 1) atTicks += samples[early]!.durationTicks;
    if (early > 0) dropFirst(moof, fragment, early);
    if (early === samples.length) return Math.max(0, atTicks);
    let endTicks = atTicks;
    const placed = samples.slice(early).map(({ durationTicks }) => {
      endTicks += durationTicks;
      return { startTicks: endTicks - durationTicks, endTicks };
    });
    this.last.set(track.trackId, {
      samples: [...before, ...placed].slice(-MOST_SAMPLES),
      timescale: track.timescale,
    });
    return atTicks;
  }
}

function ticksAt(ms: number, { timescale }: { timescale: number }): number {
  return Math.round((ms * timescale) / 1_000);
}
