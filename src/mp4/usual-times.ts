import { median } from './fragment-repair.js';
import { compositionRange, type Sample, type TrackFragment } from './track-fragment.js';

/** FFmpeg writes frames whose time is before the last one's a tick apart. */
const CRAMMED_SEC = 0.001;
/** A fragment with fewer samples does not tell the usual step. */
const MIN_SAMPLES = 4;

/** What is usual in a track. */
export interface Usual {
  stepTicks: number;
  /** The largest difference of presentation and decode time. */
  compositionTicks: number;
  /** Its frames are not shown in the order in which they are decoded. */
  reorders: boolean;
}

/** Remembers what is usual in each track of a session. */
export class UsualTimes {
  private readonly tracks = new Map<number, Usual>();
  /** Tracks that had B-frames once in this session: a camera leaves them out at times. */
  private readonly reordering = new Set<number>();

  /** What is usual in a track, or undefined until a fragment has told it. */
  of(trackId: number): Usual | undefined {
    return this.tracks.get(trackId);
  }

  /** Takes over what a fragment tells. Too few frames tell nothing, nor do crammed ones when it is known already what is usual. */
  learn({ track, samples }: TrackFragment): void {
    const before = this.tracks.get(track.trackId);
    const isUneven = samples.some(({ durationTicks }) => isCrammed(durationTicks, track.timescale));
    // What ends a jump has crammed frames beside those that make up for them.
    if (samples.length < MIN_SAMPLES || (isUneven && before)) return;
    const stepTicks = usualStep(samples, track.timescale);
    if (stepTicks === null) return;
    if (areReordered(samples)) this.reordering.add(track.trackId);
    const { least, most } = compositionRange(samples);
    const reorders = this.reordering.has(track.trackId) || most > least;
    this.tracks.set(track.trackId, { stepTicks, compositionTicks: most, reorders });
  }
}

/** Whether FFmpeg had no time for a frame. */
export function isCrammed(durationTicks: number, timescale: number): boolean {
  return durationTicks < timescale * CRAMMED_SEC;
}

/** Frames that come together share the time up to the next ones: a camera may send two at a time. */
function usualStep(samples: readonly Sample[], timescale: number): number | null {
  const stepsTicks: number[] = [];
  let [frames, ticks] = [0, 0];
  for (const { durationTicks } of samples) {
    frames += 1;
    ticks += durationTicks;
    if (isCrammed(durationTicks, timescale)) continue;
    stepsTicks.push(Math.round(ticks / frames));
    [frames, ticks] = [0, 0];
  }
  return stepsTicks.length > 0 ? median(stepsTicks) : null;
}

/** Whether some of them are shown before one that is decoded earlier. */
function areReordered(samples: readonly Sample[]): boolean {
  let [atTicks, latest] = [0, -Infinity];
  return samples.some(({ durationTicks, compositionTicks }) => {
    const shownAt = atTicks + compositionTicks;
    atTicks += durationTicks;
    const isEarlier = shownAt < latest;
    latest = Math.max(latest, shownAt);
    return isEarlier;
  });
}
