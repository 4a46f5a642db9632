import { type Anchor, applyAnchors, type Arrival, CaptureClock } from '../capture-clock.js';
import type { FragmentTiming } from '../../../../mp4/fragment.js';
import type { InitSegment } from '../../../../mp4/init-segment.js';
import { type KnownPaces, StreamPace } from './stream-pace.js';
import { type PaceFound, type RightedSpan, SELDOM_MS } from './track-times.js';

/** Where a capture stands on the wall clock; see `CaptureMeta`. */
export interface TimedCapture {
  epochMs: number;
  anchors?: readonly Anchor[];
}

/** Smaller corrections of the epoch are not worth a write. */
const EPOCH_STEP_MS = 5;
/** Media cannot be this much ahead of its arrival at once, whatever the network did: its times have jumped unseen. */
const IMPOSSIBLE_MS = 2_000;
/** Nor by so much after a while: times that only run fast are noticed sooner. */
const IMPOSSIBLE_LONG_MS = 6_000;
/** A smaller change of how far times are off is not worth an anchor. */
const LAG_STEP_MS = 100;
/** What was written with a pace that is off is no more than so many fragments when that is noticed. */
const MOST_RECENT = 256;

/** By how much a fragment should stand later than it does, below zero earlier, at its start and at its end: its pace must not change at once. */
export interface Lag {
  startMs: number;
  endMs: number;
  /** For how long FFmpeg had kept the fragment before it. */
  keptMs: number;
}

/** A fragment in the index, and what its `moof` says. */
interface Indexed {
  fragment: FragmentTiming;
  timing: FragmentTiming;
}

/**
 * The times of what one FFmpeg run gives: stretches a fragment to the pace at which its camera really sends, and says where the capture
 * stands on the wall clock. A change of that is written into the capture, and into those of its fragments that are in the index already.
 */
export class CaptureTimes {
  private clock: CaptureClock;
  private readonly pace: StreamPace;
  private recent: Indexed[] = [];
  private savedEpochMs: number;
  private lagMs = 0;
  private aheadMs = 0;
  /** What came last, with what FFmpeg may have kept back of it not taken into account. */
  private last: { due: FragmentTiming; arrival: Arrival } | null = null;
  private mustAnchor = false;
  /** What begins before this was placed with the pace that turned out to be wrong. */
  private settledMs = -Infinity;
  private isChanged = false;

  /** @param session since when the camera may have been heard, on the clock of arrivals, and what earlier sessions have told of its clocks */
  constructor(
    private capture: TimedCapture,
    init: InitSegment,
    { known, heardFromMs }: { known: KnownPaces; heardFromMs: number | null },
  ) {
    this.clock = new CaptureClock(capture.epochMs);
    this.pace = new StreamPace(init, known, heardFromMs);
    this.savedEpochMs = capture.epochMs;
  }

  /** What the next session with the camera should know of its clocks. */
  get paces(): KnownPaces {
    return this.pace.paces;
  }

  /** Whether it is known by now when the footage was taken; until then it stands too late, by up to some seconds. */
  get isPaced(): boolean {
    return this.clock.isPaced;
  }

  /** Whether what the capture says of itself has changed since it was asked last. */
  takeChange(): boolean {
    const { isChanged } = this;
    this.isChanged = false;
    return isChanged;
  }

  /**
   * Puts the next fragment of the run where it belongs on the timeline of the capture, in place.
   * @returns how far it is from where it should be
   */
  arrive(moof: Buffer, arrival: Arrival): Lag {
    const { lagMs: startMs } = this.pace;
    const found = this.pace.follow(moof, arrival.monoMs);
    if (found?.kind === 'pace') this.correct(found, arrival);
    if (found?.kind === 'even') this.move(found.spans.map((span) => evenOut(span, this.clock.addMs)));
    return { startMs, endMs: this.pace.lagMs, keptMs: this.pace.keptMs };
  }

  /** How far media that ends at `endMs` is ahead of the time at which it came. */
  aheadBy(endMs: number, arrival: Arrival): number {
    return this.clock.aheadMs(endMs, arrival);
  }

  /** How far the machine's wall clock was set since the last fragment, or 0. */
  setByMs(arrival: Arrival): number {
    return this.clock.setByMs(arrival);
  }

  /**
   * Takes a fragment into account that is written next.
   * @param lag as `arrive` said
   * @returns by how much its times have jumped, or 0
   */
  follow(timing: FragmentTiming, arrival: Arrival, lag: Lag): number {
    this.followKeptBack(lag.keptMs);
    // What comes tells of a fragment's end.
    const due = { ...timing, startMs: timing.startMs + lag.endMs };
    this.last = { due, arrival };
    const aheadMs = this.clock.aheadMs(due.startMs + due.durationMs, arrival);
    const isImpossible = aheadMs - this.aheadMs > IMPOSSIBLE_MS || aheadMs > IMPOSSIBLE_LONG_MS;
    const jumpMs = this.clock.isSettled(timing.startMs) && isImpossible ? aheadMs : 0;
    this.aheadMs = Math.max(0, aheadMs);
    const changed = this.clock.follow(due, arrival);
    if (changed === 'epoch') this.setEpoch(this.clock.epochMs);
    if (timing.startMs >= this.settledMs) {
      this.followLag(lag.startMs);
      if (changed === 'anchor' || this.mustAnchor) this.addAnchor(timing.startMs);
    }
    return jumpMs;
  }

  /** For how long FFmpeg kept what came last is known by now. */
  private followKeptBack(keptMs: number): void {
    if (!this.last || keptMs <= SELDOM_MS) return;
    const { due, arrival } = this.last;
    const changed = this.clock.follow({ ...due, startMs: due.startMs + keptMs }, arrival);
    if (changed === 'epoch') this.setEpoch(this.clock.epochMs);
  }

  /** A fragment is in the index. @param timing as its `moof` has it */
  indexed(fragment: FragmentTiming, timing: FragmentTiming): void {
    this.recent.push({ fragment, timing });
    if (this.recent.length > MOST_RECENT) this.recent.shift();
  }

  /**
   * The wall clock was set: what follows is another capture.
   * @returns its epoch
   */
  beginAnew(timing: FragmentTiming, arrival: Arrival, setByMs: number): number {
    this.clock = this.clock.afterSetBy(setByMs);
    this.last = null;
    this.clock.follow(timing, arrival);
    this.recent = [];
    this.mustAnchor = this.lagMs !== 0;
    return this.clock.epochMs;
  }

  /** From now on it is about this one. */
  continueIn(capture: TimedCapture): void {
    this.capture = capture;
    this.savedEpochMs = capture.epochMs;
  }

  private followLag(lagMs: number): void {
    const nextMs = Math.abs(lagMs) < LAG_STEP_MS ? 0 : lagMs;
    if (Math.abs(nextMs - this.lagMs) < LAG_STEP_MS && (nextMs !== 0 || this.lagMs === 0)) return;
    this.lagMs = nextMs;
    this.mustAnchor = true;
  }

  private addAnchor(fromMs: number): void {
    const { capture, clock, lagMs } = this;
    capture.anchors = [...(capture.anchors ?? []), { fromMs, addMs: clock.addMs + lagMs }];
    this.mustAnchor = false;
    this.isChanged = true;
  }

  /** Puts on its place what was written before it was known at what pace the camera sends. */
  private correct({ placedMs, monoMs, scale, isStart }: Extract<PaceFound, { kind: 'pace' }>, arrival: Arrival): void {
    const { clock } = this;
    if (isStart) {
      clock.settle(monoMs + arrival.wallMs - arrival.monoMs - placedMs);
      this.setEpoch(clock.epochMs);
    }
    this.move([{ fromMs: isStart ? 0 : placedMs, addMs: placedMs * (1 - scale) + clock.addMs, scale }]);
  }

  /** Anchors for what is in the index already. */
  private move(anchors: readonly Anchor[]): void {
    const { capture } = this;
    const [{ fromMs } = { fromMs: Infinity }] = anchors;
    capture.anchors = [...(capture.anchors ?? []).filter((anchor) => anchor.fromMs < fromMs), ...anchors];
    for (const { fragment, timing } of this.recent) {
      if (timing.startMs < fromMs) continue;
      delete fragment.longStills;
      Object.assign(fragment, timesOf(applyAnchors(timing, capture.anchors)));
    }
    this.settledMs = this.pace.endMs;
    this.mustAnchor = true;
    this.isChanged = true;
  }

  private setEpoch(epochMs: number): void {
    this.capture.epochMs = epochMs;
    if (this.recent.length > 0 && Math.abs(epochMs - this.savedEpochMs) < EPOCH_STEP_MS) return;
    this.savedEpochMs = epochMs;
    this.isChanged = true;
  }
}

/** Times that ran slow until they were put right ran evenly. */
function evenOut({ fromMs, toMs, byMs }: RightedSpan, addMs: number): Anchor {
  const scale = (toMs - fromMs) / Math.max(toMs - fromMs - byMs, 1);
  return { fromMs, addMs: fromMs * (1 - scale) + addMs, scale, isEven: true };
}

function timesOf({ startMs, durationMs, longStills }: FragmentTiming): Partial<FragmentTiming> {
  return { startMs, durationMs, ...(longStills ? { longStills } : {}) };
}
