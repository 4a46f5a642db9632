import { type StoredFragment, usualStepMs } from '../footage.js';
import {
  type FragmentTiming,
  readFragmentExtent,
  readFragmentTiming,
  readUsualStepMs,
  shiftFragment,
} from '../mp4/fragment.js';
import { cutUnfinishedOrder } from '../mp4/fragment-repair.js';
import type { InitSegment } from '../mp4/init-segment.js';
import { type Rhythm, untilNextBeat } from '../rhythm.js';

/** What the timeline needs to know of a take. */
export interface ClockedTake {
  capture: { init: InitSegment; epochMs: number };
  fragments: readonly StoredFragment[];
}

export interface MovieTake extends ClockedTake {
  /** As they lie in the log, one for each fragment; not changed. */
  moofs: readonly Buffer[];
}

export interface TimedFragment {
  take: number;
  index: number;
  /** A copy, on the timeline of the file, cut. */
  moof: Buffer;
}

/** Where every fragment stands in the file, in order of time; fragments of which nothing is left are left out. */
export function placeOnTimeline(takes: readonly MovieTake[]): TimedFragment[] {
  const timeline = new Timeline();
  return takes.flatMap((take, number) => {
    const placer = new TakePlacer(timeline, take);
    return take.moofs.flatMap((stored, index) => {
      const moof = Buffer.from(stored);
      return placer.put(moof, index) ? [{ take: number, index, moof }] : [];
    });
  });
}

/** Puts the `moof`s of one take on the timeline, in place. To be asked for each fragment in turn, take by take. */
export class TakePlacer {
  private shiftMs: number | null = null;
  private before: Buffer | null = null;

  constructor(
    private readonly timeline: Timeline,
    private readonly take: ClockedTake,
  ) {}

  /** @returns whether anything is left of it: the last frames of a take may lean on pictures that never came */
  put(moof: Buffer, index: number): boolean {
    const { capture, fragments } = this.take;
    this.shiftMs ??= this.timeline.place(this.take, moof);
    shiftFragment(moof, capture.init, this.shiftMs);
    if (index === fragments.length - 1) {
      this.timeline.end(this.take, moof);
      if (cutUnfinishedOrder(moof, capture.init, this.before) === 0) return false;
    }
    this.before = moof;
    return true;
  }
}

/** Where takes stand in a file: each is placed by its first `moof` and ended by its last one, in order. */
export class Timeline {
  private originMs: number | null = null;
  private endMs = 0;
  private rhythm: Rhythm | null = null;

  /** @returns how far the take must be moved, seen from its first fragment */
  place({ capture: { init, epochMs }, fragments }: ClockedTake, moof: Buffer): number {
    const { startMs } = readFragmentExtent(moof, init);
    const video = readFragmentTiming(moof, init);
    const driftMs = video ? fragments[0]!.startMs - video.startMs : 0;
    const takenMs = epochMs + startMs + driftMs;
    this.originMs ??= takenMs;
    const shiftMs = Math.max(takenMs - this.originMs, this.endMs) - startMs;
    if (!this.rhythm || !video) return shiftMs;
    return shiftMs + untilNextBeat(this.rhythm, endOf(video) + shiftMs);
  }

  /** @param moof the last one of the take, in its place */
  end({ capture: { init }, fragments }: ClockedTake, moof: Buffer): void {
    this.endMs = readFragmentExtent(moof, init).endMs;
    const [stepMs, video] = [readUsualStepMs(moof, init) ?? usualStepMs(fragments), readFragmentTiming(moof, init)];
    this.rhythm = stepMs && video ? { beatMs: endOf(video), stepMs } : null;
  }
}

/** Where the frame behind a fragment is decoded. The very first frames of a capture may be out of step, the first ones of a fragment among them. */
function endOf({ startMs, durationMs }: FragmentTiming): number {
  return startMs + durationMs;
}
