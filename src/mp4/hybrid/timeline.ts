import { Mp4Error } from '../boxes.js';
import {
  type FragmentTiming,
  readFragmentExtent,
  readFragmentTiming,
  readUsualStepMs,
  type Still,
} from '../fragment.js';
import { cutUnfinishedOrder } from '../fragment-repair.js';
import type { InitSegment } from '../init-segment.js';
import { readTrackFragments } from '../track-fragment.js';
import { usualStepMs } from '../usual-step.js';
import { type Rhythm, untilNextBeat } from '../rhythm.js';
import { TrackPlaces } from './track-places.js';

/** A fragment of a take, with what tells it from others: where it lies. */
export interface MovieFragment {
  segment: string;
  offset: number;
  sizeBytes: number;
  startMs: number;
  durationMs: number;
  frames: number;
  longStills?: readonly Still[];
}

/** What the timeline needs to know of a take. */
export interface ClockedTake {
  capture: { init: InitSegment; epochMs: number };
  fragments: readonly MovieFragment[];
}

export interface MovieTake extends ClockedTake {
  capture: ClockedTake['capture'] & { captureId: string };
  /** As they lie in the log, one for each fragment; not changed. */
  moofs: readonly Buffer[];
}

export interface TimedFragment {
  take: number;
  index: number;
  /** A copy, on the timeline of the file, cut. */
  moof: Buffer;
}

/** How many fragments to place, and of which takes. */
export interface Extent {
  /** Nothing will follow. */
  haveEnded: boolean;
  /** Fragments at once. */
  most?: number;
}

interface PlacedTake {
  capture: MovieTake['capture'];
  /** So far. */
  fragments: MovieFragment[];
  placer: TakePlacer;
}

/** The fragments of a file in order of time. Each gets its place as soon as it is known; one that is cut down to nothing is left out. */
export class FragmentLine {
  private readonly timeline = new Timeline();
  private readonly placed: PlacedTake[] = [];

  /**
   * Places the next fragments, up to `most`. The newest fragment of a take that goes on is not placed yet: it would be cut if it turned out to be the last.
   * @param takes beginning with all that was placed before
   */
  *extend(takes: readonly MovieTake[], { haveEnded, most = Infinity }: Extent): Generator<TimedFragment> {
    let left = most;
    for (const [take, { capture, fragments, moofs }] of takes.entries()) {
      const own = (this.placed[take] ??= this.begin(capture));
      const last = fragments.length - 1;
      const end = haveEnded || take < takes.length - 1 ? last + 1 : last;
      for (let index = own.fragments.length; index < end; index += 1, left -= 1) {
        if (left === 0) return;
        own.fragments.push(fragments[index]!);
        const moof = Buffer.from(moofs[index]!);
        if (own.placer.put(moof, { isLast: index === last })) yield { take, index, moof };
      }
    }
  }

  /** All that was placed is in these takes, and would come to the same place. */
  isStartOf(takes: readonly MovieTake[]): boolean {
    return this.placed.every(({ capture, fragments }, number) => {
      const take = takes[number];
      if (!take || take.capture.captureId !== capture.captureId || take.capture.epochMs !== capture.epochMs)
        return false;
      const isOpen = number === this.placed.length - 1;
      const hasGrown = take.fragments.length > fragments.length;
      if (isOpen ? !hasGrown : take.fragments.length !== fragments.length) return false;
      return fragments.every((fragment, index) => isSame(fragment, take.fragments[index]!));
    });
  }

  /** With the place of the capture on the clock as it is now: in its first seconds it may still move. */
  private begin({ captureId, epochMs, init }: MovieTake['capture']): PlacedTake {
    const take = { capture: { captureId, epochMs, init }, fragments: [] };
    return { ...take, placer: new TakePlacer(this.timeline, take) };
  }
}

function isSame(a: MovieFragment, b: MovieFragment): boolean {
  return a.segment === b.segment && a.offset === b.offset && a.sizeBytes === b.sizeBytes && a.startMs === b.startMs;
}

/** So many fragments back lie the frames that the next fragment may need to be decoded: at one frame a second each fragment holds one. */
const MOST_LEANED_ON = 6;

/** Puts the `moof`s of one take on the timeline, in place. To be asked for each fragment in turn, take by take. */
export class TakePlacer {
  private shiftMs: number | null = null;
  private readonly before: Buffer[] = [];

  /** @param take of which fragments may still come */
  constructor(
    private readonly timeline: Timeline,
    private readonly take: ClockedTake,
  ) {}

  /** @returns whether anything is left of it: the last frames of a take may lean on pictures that never came */
  put(moof: Buffer, { isLast }: { isLast: boolean }): boolean {
    const { init } = this.take.capture;
    this.shiftMs ??= this.timeline.place(this.take, moof);
    this.timeline.tracks.put(moof, init, this.shiftMs);
    if (isLast) {
      this.timeline.end(this.take, moof);
      if (cutUnfinishedOrder(moof, init, ...this.before) === 0) return false;
    }
    this.before.push(Buffer.from(moof));
    if (this.before.length > MOST_LEANED_ON) this.before.shift();
    return true;
  }
}

/**
 * Sound may begin so long before the pictures of a take, and go on so long after them: FFmpeg puts it into a fragment with pictures of
 * about its time. What is further away from them belongs to no picture, and must not move the pictures.
 */
export const MOST_SOUND_ALONE_MS = 1_000;

/** Where takes stand in a file: each is placed by its first `moof` and ended by its last one, in order. */
export class Timeline {
  readonly tracks = new TrackPlaces();
  private originMs: number | null = null;
  /** When the last take that was ended is over. */
  endMs = 0;
  /** Up to when its pictures and its sound go. Where one ends earlier, that of the next take may begin earlier: in one session it does. */
  private picturesEndMs = 0;
  private soundEndMs = 0;
  /** The pictures that follow are held back by sound until then at most: the tail of one take and the lead of the next do not add up. */
  private heldUntilMs = Infinity;
  private rhythm: Rhythm | null = null;

  /** @returns how far the take must be moved, seen from its first fragment */
  place({ capture: { init, epochMs }, fragments }: ClockedTake, moof: Buffer): number {
    const video = readFragmentTiming(moof, init);
    const startMs = startOf(moof, init);
    const driftMs = video ? fragments[0]!.startMs - video.startMs : 0;
    const takenMs = epochMs + startMs + driftMs;
    this.originMs ??= takenMs - findRoomMs(moof, init);
    const leadMs = video ? video.startMs - startMs : 0;
    const endMs = video ? Math.max(this.picturesEndMs - leadMs, this.soundEndMs) : this.endMs;
    const freeMs = Math.min(endMs, this.heldUntilMs - leadMs);
    const shiftMs = Math.max(takenMs - this.originMs, freeMs) - startMs;
    if (!this.rhythm || !video) return shiftMs;
    return shiftMs + untilNextBeat(this.rhythm, endOf(video) + shiftMs);
  }

  /** @param moof the last one of the take, in its place */
  end({ capture: { init }, fragments }: ClockedTake, moof: Buffer): void {
    const video = readFragmentTiming(moof, init);
    const { endMs } = readFragmentExtent(moof, init);
    const mostMs = video ? endOf(video) + MOST_SOUND_ALONE_MS : endMs;
    if (video) this.tracks.endAt(mostMs);
    const soundEndMs = Math.max(this.tracks.soundEndMs, soundEndOf(moof, init, mostMs));
    this.endMs = Math.max(this.endMs, Math.min(endMs, mostMs));
    this.picturesEndMs = Math.max(this.picturesEndMs, video ? endOf(video) : 0);
    this.soundEndMs = Math.max(this.soundEndMs, Math.min(soundEndMs, mostMs));
    this.heldUntilMs = mostMs;
    const stepMs = readUsualStepMs(moof, init) ?? usualStepMs(fragments);
    this.rhythm = stepMs && video ? { beatMs: endOf(video), stepMs } : null;
  }
}

/**
 * When the first fragment of a take begins: with its sound, unless that is far from its pictures. On the clock of the capture.
 * @throws Mp4Error when there is nothing in it
 */
export function startOf(moof: Buffer, init: InitSegment): number {
  const { startMs } = readFragmentExtent(moof, init);
  if (startMs === Infinity) throw new Mp4Error('there is nothing in the first fragment of a take');
  const video = readFragmentTiming(moof, init);
  return video ? Math.max(startMs, video.startMs - MOST_SOUND_ALONE_MS) : startMs;
}

/** When the tracks without pictures are over in a fragment, as far as they begin before `mostMs`; without end below 0 when there is nothing of them. */
function soundEndOf(moof: Buffer, init: InitSegment, mostMs: number): number {
  const { startMs, endMs } = readFragmentExtent(moof, init, ({ track }) => track !== init.video);
  return startMs < mostMs ? endMs : -Infinity;
}

/**
 * Room at the start of a file whose first fragment lacks a track: it may come in a later fragment and yet begin earlier than the pictures,
 * when parts of the file are in the store by then and nothing can be moved any more. The `moov` leaves out what of it is not needed.
 */
export function findRoomMs(moof: Buffer, init: InitSegment): number {
  const present = readTrackFragments(moof, init).filter(({ samples }) => samples.length > 0);
  const isMissing = init.tracks.some((track) => present.every((fragment) => fragment.track !== track));
  return isMissing ? MOST_SOUND_ALONE_MS : 0;
}

/** Where the frame behind a fragment is decoded. The very first frames of a capture may be out of step, the first ones of a fragment among them. */
function endOf({ startMs, durationMs }: FragmentTiming): number {
  return startMs + durationMs;
}
