import { keepFirst } from './fragment-repair.js';
import type { InitSegment } from './init-segment.js';
import { isOdd } from './odd-times.js';
import { readTrackFragments, type Sample, type TrackFragment } from './track-fragment.js';
import type { Usual, UsualTimes } from './usual-times.js';

/** H.264 and H.265 keep no more pictures than this back from being shown. */
const MAX_REORDERED = 16;
/** So many fragments in a row whose order is lost are no jump: FFmpeg guesses the times of this camera, and that is usual then. */
const MAX_DISORDERED = 3;

type IsLost = (sample: Sample, usual: Usual, timescale: number) => boolean;

/**
 * Finds pictures whose order was lost, and cuts them. Of reordered frames (B-frames) whose times it threw away, FFmpeg does not know the
 * order: it shows each when it is decoded, and some at the moment of one before them.
 */
export class OrderWatch {
  /** The last fragment with pictures is the first that has some whose order is lost. The next one tells whether that is a jump. */
  isOpen = false;
  /** When the last pictures are shown, in ticks, in decode order; and the last ones in front of the first held fragment. */
  private shown: readonly number[] = [];
  private shownBefore: readonly number[] = [];
  /** How many fragments in a row had pictures whose order is lost. */
  private disordered = 0;
  private wasDisordered = false;
  /** Some were cut: all that follows in this session leans on them. */
  private wasCut = false;

  /** @param usual what is usual in the tracks of the session; others teach it */
  constructor(
    private readonly init: InitSegment,
    private readonly usual: UsualTimes,
  ) {}

  /** Whether the last fragment tells what is usual. Behind pictures whose order is lost, all may be shown when they are decoded. */
  get tellsUsual(): boolean {
    return this.areShared || (this.disordered === 0 && !this.wasDisordered);
  }

  /** This camera's pictures are often to be shown at the moment of another one: that says nothing. */
  private get areShared(): boolean {
    return this.disordered >= MAX_DISORDERED;
  }

  /**
   * Looks at the next fragment. One that holds only sound tells nothing of the order.
   * @param tracks what the tracks have in it
   */
  look(tracks: readonly TrackFragment[]): void {
    const video = this.videoOf(tracks);
    if (!video) return;
    const usual = this.usual.of(video.track.trackId);
    this.wasDisordered = this.disordered > 0;
    const hasDisorder = usual?.reorders === true && findDisordered(video, usual, this.shown) >= 0;
    this.disordered = hasDisorder ? this.disordered + 1 : 0;
    this.isOpen = this.disordered === 1;
    this.shown = shownUpTo(video, this.shown);
  }

  /** What was held is written: the next fragment is looked at as one that follows it. */
  release(): void {
    this.isOpen = false;
    this.shownBefore = this.shown;
  }

  /** Cuts pictures whose order is lost, and what leans on them, from consecutive fragments, in place. The others keep their times. */
  cutDisordered(moofs: readonly Buffer[]): void {
    this.cut(moofs, () => false);
  }

  /** Cuts reordered pictures from consecutive fragments, in place, from the first one on whose time is not usual or whose order is lost. */
  cutBehindJump(moofs: readonly Buffer[]): void {
    this.cut(moofs, isOdd);
  }

  private cut(moofs: readonly Buffer[], isLost: IsLost): void {
    let inFront = this.shownBefore;
    for (const moof of moofs) {
      const video = this.videoOf(readTrackFragments(moof, this.init));
      if (!video) continue;
      const kept = this.wasCut ? 0 : this.findLost(video, inFront, isLost);
      inFront = shownUpTo(video, inFront);
      if (kept < 0) continue;
      keepFirst(moof, video.samples, kept);
      this.wasCut = true;
    }
  }

  private findLost(video: TrackFragment, inFront: readonly number[], isLost: IsLost): number {
    const { samples, track } = video;
    const usual = this.usual.of(track.trackId);
    if (!usual?.reorders) return -1;
    const disordered = this.areShared ? -1 : findDisordered(video, usual, inFront);
    return samples.findIndex((sample, index) => index === disordered || isLost(sample, usual, track.timescale));
  }

  private videoOf(tracks: readonly TrackFragment[]): TrackFragment | undefined {
    return tracks.find(({ track, samples }) => track === this.init.video && samples.length > 0);
  }
}

/** When the last pictures are shown: those of a fragment, and before them those in front of it. */
function shownUpTo(fragment: TrackFragment, inFront: readonly number[]): number[] {
  return [...inFront, ...shownIn(fragment)].slice(-MAX_REORDERED);
}

function shownIn({ samples, startTicks }: TrackFragment): number[] {
  let atTicks = startTicks;
  return samples.map(({ durationTicks, compositionTicks }) => {
    const shownAt = atTicks + compositionTicks;
    atTicks += durationTicks;
    return shownAt;
  });
}

/**
 * @param inFront when the last pictures in front of the fragment are shown, in ticks
 * @returns the index of the first picture that is to be shown with another one, or -1
 */
function findDisordered(fragment: TrackFragment, { stepTicks }: Usual, inFront: readonly number[]): number {
  const all = [...inFront, ...shownIn(fragment)];
  const found = all.findIndex(
    (at, index) =>
      index >= inFront.length &&
      all.slice(Math.max(0, index - MAX_REORDERED), index).some((other) => Math.abs(other - at) < stepTicks / 2),
  );
  return found < 0 ? -1 : found - inFront.length;
}
