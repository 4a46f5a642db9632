import type { InitSegment, Track } from './init-segment.js';
import { sum } from './jump-repair.js';
import type { TrackFragment } from './track-fragment.js';

/** Remembers where the fragments of each track end. */
export class TrackEnds {
  /** By how many ticks a track's first held fragment begins before the one in front of it ends. That one's last frame is crammed by as much. */
  readonly overlaps = new Map<number, number>();
  /** Where the last fragment of a track ends, in ticks; and where it ended before the last look. */
  private readonly ends = new Map<number, number>();
  private endsBefore: ReadonlyMap<number, number> = new Map();

  constructor(private readonly init: Pick<InitSegment, 'tracks'>) {}

  /** @param tracks what the tracks have in the next fragment */
  look(tracks: readonly TrackFragment[]): void {
    this.endsBefore = new Map(this.ends);
    for (const { track, samples, startTicks } of tracks) {
      const { trackId } = track;
      const overlapTicks = Math.max(0, (this.ends.get(trackId) ?? startTicks) - startTicks);
      if (!this.overlaps.has(trackId)) this.overlaps.set(trackId, overlapTicks);
      this.ends.set(trackId, startTicks + sum(samples.map(({ durationTicks }) => durationTicks)));
    }
  }

  /** What was held is written: the next fragment is the first that is held. */
  release(): void {
    this.overlaps.clear();
  }

  /** Whether another track was further than this one before the last look, by more than `ms`. */
  isBehindAnother(track: Track, ms: number): boolean {
    const endMs = ({ trackId, timescale }: Track) => ((this.endsBefore.get(trackId) ?? 0) * 1_000) / timescale;
    return this.init.tracks.some((other) => endMs(other) - endMs(track) > ms);
  }
}
