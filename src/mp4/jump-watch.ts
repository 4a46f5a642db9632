import { median } from './fragment-repair.js';
import type { InitSegment, Track } from './init-segment.js';
import {
  type Before,
  cutDisordered,
  findDisordered,
  isCrammed,
  isGiant,
  JUMP_MS,
  mendTrack,
  shownUpTo,
  spreadTrack,
  STANDS,
  sum,
  type Usual,
} from './jump-repair.js';
import { compositionRange, readTrackFragments, type Sample, type TrackFragment } from './track-fragment.js';

/** Until a stream's first sender report FFmpeg guesses times, and may cram frames around the report. In this time crammed frames are no jump of the camera. */
const START_MS = 5_000;
/**
 * Frames behind crammed ones may begin before the crammed ones, at their usual length, would end: the clock of the sender reports is not
 * quite that of the pictures. They are then moved on, by this much in a session at most. Left where they are, some would not be shown.
 */
const MAX_LAG_MS = 200;
/** A camera that slows down sends a picture every second, seldom every two. A picture that is shown for longer does not begin a slower rate. */
const SLOWEST_STEP_MS = 2_500;
/** Two pictures in a row are of one rate when the longer is shown for no more than this many times as long as the other. */
const ALIKE = 1.5;
/** A fragment with fewer samples does not tell the usual step. */
const MIN_SAMPLES = 4;

/** How the times of one track in one fragment differ from its usual ones. */
interface Oddity {
  forwardMs: number;
  backMs: number;
  /** How much longer than usual frames are shown that make up for crammed ones. */
  stoodMs: number;
  /** End of what is shown. */
  endMs: number;
}

/** So many fragments in a row whose order is lost are no jump: FFmpeg guesses the times of this camera, and that is usual then. */
const MAX_DISORDERED = 3;

/** The last picture of a fragment is shown for long. Either the times have jumped, or the camera has slowed down: the next picture tells. */
interface Doubt {
  forwardMs: number;
  ticks: number;
}

/** What `look` sees of all tracks. */
interface Seen {
  aheadMs: (endMs: number) => number;
  /** Where each track's fragment before this one has ended, in ticks. */
  endsBefore: ReadonlyMap<number, number>;
}

/**
 * Finds jumps in the times that FFmpeg writes. At a jump forward, FFmpeg shows one frame until the new time. At a jump backward, it puts
 * frames one tick apart (crammed) until the stream has caught up with its old time. Tracks may jump at different moments. Times alone
 * cannot tell a jump from a pause of the camera, and arrivals alone cannot tell a pause from a busy machine: so both are compared.
 */
export class JumpWatch {
  private readonly usual = new Map<number, Usual>();
  private readonly crammedMs = new Map<number, number>();
  /** Where the last fragment of a track has ended, in ticks. */
  private readonly ends = new Map<number, number>();
  /** By how many ticks the first held fragment begins before the one in front of it ends. That one's last frame is crammed by as much. */
  private readonly overlaps = new Map<number, number>();
  /** By how many ticks later samples of a track are moved on, and how much of that is not because its times went back for good. */
  private readonly lagTicks = new Map<number, number>();
  private readonly creptTicks = new Map<number, number>();
  /** How long the last frame of a track stands. */
  private readonly lastTicks = new Map<number, number>();
  private readonly doubts = new Map<number, Doubt>();
  /** When the last frames of a track are shown, in ticks; and the last ones in front of the first held fragment. */
  private readonly shown = new Map<number, number[]>();
  private readonly shownBefore = new Map<number, number[]>();
  /** How many fragments in a row had frames whose order is lost. */
  private disordered = 0;
  /** Tracks of which frames were cut: all that follows in this session leans on them. */
  private readonly cut = new Set<number>();
  private firstMs: number | null = null;
  /** The last fragment has crammed frames, or some whose order is lost, or ends with one that is shown for long. The next fragment tells whether that is a jump; if it is, both are mended. */
  isOpen = false;
  /** And its media is late by what was crammed. */
  private isBehind = false;
  /** Times of the fragments that are held went back, and nothing brings them forward again. */
  private hasStepped = false;

  constructor(private readonly init: InitSegment) {}

  /** Moves a new fragment behind the frames that were spread before it, in place. */
  shift(moof: Buffer): void {
    if (this.lagTicks.size === 0) return;
    for (const { track, startTicks, startAt } of readTrackFragments(moof, this.init)) {
      moof.writeBigInt64BE(BigInt(startTicks + (this.lagTicks.get(track.trackId) ?? 0)), startAt);
    }
  }

  /**
   * Looks at the next fragment.
   * @param aheadMs how far media that ends then is ahead of its arrival
   * @returns by how much its times jump, below zero backward, or 0
   */
  look(moof: Buffer, aheadMs: (endMs: number) => number): number {
    const tracks = readTrackFragments(moof, this.init).filter(({ samples }) => samples.length > 0);
    const endsBefore = new Map(this.ends);
    for (const track of tracks) this.noteEnd(track);
    this.hasStepped &&= this.isOpen;
    const wasDisordered = this.disordered > 0;
    const hasDisorder = tracks.some((track) => this.isDisordered(track));
    this.disordered = hasDisorder ? this.disordered + 1 : 0;
    for (const track of tracks) this.noteShown(track);
    this.isOpen = this.disordered === 1;
    this.isBehind = false;
    for (const track of tracks) {
      const jumpMs = this.jumpIn(track, { aheadMs, endsBefore });
      if (jumpMs !== 0) return jumpMs;
    }
    // Behind frames whose order is lost, all may be shown when they are decoded.
    const isUsual = this.disordered >= MAX_DISORDERED || (!hasDisorder && !wasDisordered);
    for (const track of tracks) this.learn(track, isUsual);
    return 0;
  }

  /**
   * Gives the frames of consecutive fragments, the last of which jumps, their usual length, in place; where frames are reordered, all
   * behind the jump are cut.
   */
  mend(moofs: readonly Buffer[]): void {
    const ends = new Map<number, number>();
    for (const { moof, fragment, usual, before } of this.known(moofs)) {
      const { trackId } = fragment.track;
      const startTicks = ends.get(trackId) ?? fragment.startTicks + (this.overlaps.get(trackId) ?? 0);
      moof.writeBigInt64BE(BigInt(startTicks), fragment.startAt);
      const { lengthTicks, isCut } = mendTrack(moof, fragment, usual, before);
      if (isCut) this.cut.add(trackId);
      ends.set(trackId, startTicks + lengthTicks);
    }
  }

  /**
   * Gives crammed frames of consecutive fragments their time back, in place, as far as the frame that stands behind them has it. Where
   * frames are reordered, all stay as they are. When times went back for good, what still comes is moved on by what is missing.
   * @param isEnd nothing follows: they get their usual time if their media is late by that
   */
  spread(moofs: readonly Buffer[], isEnd = false): void {
    const fragments = moofs.flatMap((moof) => readTrackFragments(moof, this.init).map((track) => ({ moof, track })));
    const isBehind = this.hasStepped || (isEnd && this.isBehind);
    const movedSec = new Map<number, number>();
    for (const [trackId, usual] of this.usual) {
      const own = fragments.filter(({ track }) => track.track.trackId === trackId && track.samples.length > 0);
      if (usual.reorders) continue;
      const creptTicks = this.creptTicks.get(trackId) ?? 0;
      const mostTicks = ((own[0]?.track.track.timescale ?? 0) * MAX_LAG_MS) / 1_000 - creptTicks;
      const owedTicks = this.overlaps.get(trackId) ?? 0;
      const moreTicks = spreadTrack(own, usual, {
        owedTicks,
        mostLagTicks: isBehind ? Infinity : mostTicks,
      });
      if (!isBehind) this.creptTicks.set(trackId, creptTicks + moreTicks);
      movedSec.set(trackId, moreTicks / (own[0]?.track.track.timescale ?? 1));
    }
    // What FFmpeg has brought together stays together: all follow the track that went back for good.
    const mostSec = this.hasStepped ? Math.max(...movedSec.values()) : 0;
    for (const { trackId, timescale } of this.init.tracks) {
      const ticks = Math.round(Math.max(movedSec.get(trackId) ?? 0, mostSec) * timescale);
      if (ticks > 0) this.lagTicks.set(trackId, (this.lagTicks.get(trackId) ?? 0) + ticks);
    }
  }

  /**
   * Cuts frames whose order is lost from consecutive fragments, in place, since the camera's times have jumped by hours; what FFmpeg gives of
   * that moment has even times, and keeps them.
   */
  cutDisordered(moofs: readonly Buffer[]): void {
    for (const { moof, fragment, usual, before } of this.known(moofs)) {
      if (cutDisordered(moof, fragment, usual, before)) this.cut.add(fragment.track.trackId);
    }
  }

  /** What was held is written: the next fragment is looked at as one that follows it. */
  release(): void {
    this.isOpen = false;
  }

  private noteEnd({ track: { trackId }, samples, startTicks }: TrackFragment): void {
    const overlapTicks = Math.max(0, (this.ends.get(trackId) ?? startTicks) - startTicks);
    if (!this.isOpen) this.overlaps.set(trackId, overlapTicks);
    this.ends.set(trackId, startTicks + sum(samples.map(({ durationTicks }) => durationTicks)));
  }

  /** The tracks of consecutive fragments of which it is known what is usual, each with what lies in front of it. */
  private *known(
    moofs: readonly Buffer[],
  ): Generator<{ moof: Buffer; fragment: TrackFragment; usual: Usual; before: Before }> {
    const shown = new Map(this.shownBefore);
    const areShared = this.disordered >= MAX_DISORDERED;
    for (const moof of moofs) {
      for (const fragment of readTrackFragments(moof, this.init)) {
        const { trackId } = fragment.track;
        const usual = this.usual.get(trackId);
        if (!usual) continue;
        const shownTicks = shown.get(trackId) ?? [];
        shown.set(trackId, shownUpTo(fragment, shownTicks));
        yield { moof, fragment, usual, before: { shownTicks, wasCut: this.cut.has(trackId), areShared } };
      }
    }
  }

  private isDisordered(fragment: TrackFragment): boolean {
    const { trackId } = fragment.track;
    const usual = this.usual.get(trackId);
    const before = { shownTicks: this.shown.get(trackId) ?? [], areShared: false };
    return usual !== undefined && findDisordered(fragment, usual, before) >= 0;
  }

  private noteShown(fragment: TrackFragment): void {
    const { trackId } = fragment.track;
    const inFront = this.shown.get(trackId) ?? [];
    if (!this.isOpen) this.shownBefore.set(trackId, inFront);
    this.shown.set(trackId, shownUpTo(fragment, inFront));
  }

  private jumpIn(fragment: TrackFragment, { aheadMs, endsBefore }: Seen): number {
    const { track, samples } = fragment;
    const { trackId } = track;
    const lastTicks = this.lastTicks.get(trackId) ?? 0;
    this.lastTicks.set(trackId, samples.at(-1)!.durationTicks);
    const usual = this.usual.get(trackId);
    if (!usual) return 0;
    const doubt = this.doubts.get(trackId);
    this.doubts.delete(trackId);
    if (doubt && !areAlike(doubt.ticks, samples[0]!.durationTicks)) return doubt.forwardMs;
    const { forwardMs, backMs, stoodMs, endMs } = measure(fragment, usual, lastTicks);
    const isAhead = forwardMs - backMs > JUMP_MS && aheadMs(endMs) > forwardMs / 2;
    if (isAhead && !this.isJoining(track, forwardMs, endsBefore)) {
      if (!mayBeRate(fragment, usual, forwardMs)) return forwardMs;
      this.doubts.set(trackId, { forwardMs, ticks: samples.at(-1)!.durationTicks });
      this.isOpen = true;
    }
    const before = this.crammedMs.get(trackId) ?? 0;
    const crammedMs = backMs > 0 ? Math.max(0, before + backMs - forwardMs - stoodMs) : 0;
    this.crammedMs.set(trackId, crammedMs);
    const lateMs = -aheadMs(endMs);
    const isVideo = trackId === this.init.video.trackId;
    this.hasStepped ||= isVideo && backMs === 0 && before > JUMP_MS && lateMs > before / 2;
    // Crammed frames bring the media nowhere: only the arrivals tell how long it has run.
    const isStart = this.firstMs === null || endMs + lateMs - this.firstMs < START_MS;
    const isMuch = crammedMs > JUMP_MS;
    // Much of it that did not make the media late is how this camera sends.
    this.isOpen ||= crammedMs > 0 && (isStart || !isMuch);
    const isLate = lateMs > crammedMs / 2;
    this.isBehind ||= crammedMs > 0 && isLate;
    return !isStart && isMuch && isLate ? -crammedMs : 0;
  }

  /**
   * Of a camera whose answer to PLAY does not say how its tracks belong together, FFmpeg moves one to where another is already, when it has heard
   * the sender reports of both. Before a camera's jump the tracks are together.
   */
  private isJoining(track: Track, forwardMs: number, endsBefore: Seen['endsBefore']): boolean {
    const endOf = ({ trackId, timescale }: Track) => ((endsBefore.get(trackId) ?? 0) * 1_000) / timescale;
    return this.init.tracks.some((other) => endOf(other) - endOf(track) > forwardMs / 2);
  }

  private learn({ track, samples, startTicks }: TrackFragment, isUsual: boolean): void {
    this.firstMs ??= (startTicks * 1_000) / track.timescale;
    if (!isUsual) return;
    const isUneven = samples.some(({ durationTicks }) => isCrammed(durationTicks, track.timescale));
    // What ends a jump has crammed frames beside those that make up for them.
    if (samples.length < MIN_SAMPLES || (isUneven && this.usual.has(track.trackId))) return;
    const stepTicks = usualStep(samples, track.timescale);
    if (stepTicks === null) return;
    const { least, most: compositionTicks } = compositionRange(samples);
    this.usual.set(track.trackId, {
      stepTicks,
      compositionTicks,
      reorders: compositionTicks > least,
    });
  }
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

/** Whether all that is not usual about a fragment is that its last picture stands, for as long as pictures of a slow rate do. */
function mayBeRate({ samples, track }: TrackFragment, { stepTicks }: Usual, forwardMs: number): boolean {
  const standsMs = ((samples.at(-1)!.durationTicks - stepTicks) * 1_000) / track.timescale;
  return standsMs < SLOWEST_STEP_MS && Math.abs(standsMs - forwardMs) < 1;
}

function areAlike(one: number, other: number): boolean {
  return Math.max(one, other) <= Math.min(one, other) * ALIKE;
}

/** @param lastTicks how long the frame in front of the fragment stands */
function measure({ samples, startTicks, track }: TrackFragment, usual: Usual, lastTicks: number): Oddity {
  const ms = (ticks: number) => (ticks * 1_000) / track.timescale;
  let [atTicks, endTicks, forwardMs, backMs, stoodMs] = [startTicks, 0, 0, 0, 0];
  let beforeTicks = lastTicks;
  for (const sample of samples) {
    const { durationTicks, compositionTicks } = sample;
    const isOfRate = areAlike(beforeTicks, durationTicks) && compositionTicks <= usual.compositionTicks;
    beforeTicks = durationTicks;
    if (isOfRate && isGiant(sample, usual, track.timescale)) stoodMs += ms(durationTicks - usual.stepTicks);
    else if (isGiant(sample, usual, track.timescale)) {
      forwardMs += ms(Math.max(durationTicks - usual.stepTicks, compositionTicks - usual.compositionTicks));
    } else if (isCrammed(durationTicks, track.timescale)) backMs += ms(usual.stepTicks - durationTicks);
    else if (durationTicks > usual.stepTicks * STANDS) stoodMs += ms(durationTicks - usual.stepTicks);
    endTicks = Math.max(endTicks, atTicks + Math.max(durationTicks, compositionTicks));
    atTicks += durationTicks;
  }
  return { forwardMs, backMs, stoodMs, endMs: ms(endTicks) };
}
