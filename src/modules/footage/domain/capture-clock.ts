import type { FragmentTiming, Still } from '../../../mp4/fragment.js';

/** When something came, by both clocks of the machine. */
export interface Arrival {
  /** Milliseconds since the epoch; somebody may set this clock. */
  wallMs: number;
  /** Milliseconds of a clock that nobody sets. */
  monoMs: number;
}

/** From this media time on, media times count so much more: the camera's clock runs slower or faster than ours. */
export interface Anchor {
  fromMs: number;
  addMs: number;
  /** And so many times as much, before that is added. Absent: once. */
  scale?: number;
  /** Pictures that stand are times that the camera put right, not pictures that it did not send. */
  isEven?: true;
}

/** FFmpeg probes a stream before it writes, so its first fragments come late. For this long an earlier arrival moves the epoch. */
const FIT_MS = 30_000;
/** After that, drift is measured by the earliest arrival in each stretch of this length: later ones waited for something. */
const WINDOW_MS = 60_000;
/** A smaller error is not worth an anchor. */
const ANCHOR_STEP_MS = 20;
/**
 * The clock follows no faster: ten times what a usual crystal is off (50 ppm), and slow enough that a minute in which the machine was
 * too busy to read moves nothing by more than a frame.
 */
const MAX_DRIFT = 0.0005;
/** A machine's clock that moves by this much at once was set: time services correct smaller errors by and by. */
const SET_MS = 200;
/** A fragment that comes so much of its length after the one before it did not wait for anything: it came as it was taken. */
const PACE = 0.8;

/**
 * Tells the wall-clock time of media from when it came. Media cannot arrive before it happened: the earliest epoch that the arrivals
 * allow is the nearest to the truth. Drift of the camera's clock is followed by anchors; media times themselves stay as they are,
 * since frames that are moved lose their rhythm.
 */
export class CaptureClock {
  addMs = 0;
  /**
   * True once fragments arrive at their own pace; from then on the epoch is right but for the delay of the network. What FFmpeg buffered
   * while it probed the stream arrives all at once, so its arrival does not tell when it was taken.
   */
  isPaced = false;
  private lastArrivalMs: number | null = null;
  private firstStartMs: number | null = null;
  private skewMs: number | null = null;
  private windowStartMs = 0;
  private earliestMs = Infinity;

  /**
   * @param epochMs wall-clock instant of media time 0
   * @param isFitted whether that is known, or only a guess
   */
  constructor(
    public epochMs: number,
    private isFitted = false,
  ) {
    this.isPaced = isFitted;
  }

  /** How far the machine's wall clock was set since the last fragment, or 0. */
  setByMs({ wallMs, monoMs }: Arrival): number {
    const stepMs = this.skewMs === null ? 0 : wallMs - monoMs - this.skewMs;
    return Math.abs(stepMs) > SET_MS ? stepMs : 0;
  }

  /** How far media that ends at `endMs` is ahead of the time at which it came. Setting the wall clock does not change it. */
  aheadMs(endMs: number, { wallMs, monoMs }: Arrival): number {
    return this.epochMs + this.addMs + endMs - (this.skewMs === null ? wallMs : monoMs + this.skewMs);
  }

  /** Whether the first fragment came so long ago that its lateness has been made up for. */
  isSettled(startMs: number): boolean {
    return this.isFitted || (this.firstStartMs !== null && startMs - this.firstStartMs > FIT_MS);
  }

  /**
   * Takes a fragment into account.
   * @returns what has changed by it, if anything
   */
  follow({ startMs, durationMs }: FragmentTiming, arrival: Arrival): 'epoch' | 'anchor' | null {
    const lateMs = -this.aheadMs(startMs + durationMs, arrival);
    this.skewMs = arrival.wallMs - arrival.monoMs;
    this.isPaced ||= this.lastArrivalMs !== null && arrival.monoMs - this.lastArrivalMs >= durationMs * PACE;
    this.lastArrivalMs = arrival.monoMs;
    const isFirst = this.firstStartMs === null;
    this.firstStartMs ??= startMs;
    if (!this.isSettled(startMs)) {
      if (!isFirst && lateMs >= 0) return null;
      this.epochMs += lateMs;
      return 'epoch';
    }
    if (this.earliestMs === Infinity) this.windowStartMs = startMs;
    this.earliestMs = Math.min(this.earliestMs, lateMs);
    return startMs - this.windowStartMs < WINDOW_MS ? null : this.endWindow(startMs);
  }

  /** It is known by now when media time 0 was, whatever the first arrivals said. */
  settle(epochMs: number): void {
    this.epochMs = epochMs;
    this.addMs = 0;
    this.isFitted = true;
    this.isPaced = true;
  }

  /** The clock of what follows after the wall clock was set. */
  afterSetBy(stepMs: number): CaptureClock {
    return new CaptureClock(this.epochMs + this.addMs + stepMs, true);
  }

  private endWindow(startMs: number): 'anchor' | null {
    const errorMs = this.earliestMs;
    const mostMs = MAX_DRIFT * (startMs - this.windowStartMs);
    this.earliestMs = Infinity;
    if (Math.abs(errorMs) < ANCHOR_STEP_MS) return null;
    this.addMs += Math.max(-mostMs, Math.min(mostMs, errorMs));
    return 'anchor';
  }
}

/** A timing as the anchors of its capture have it. */
export function applyAnchors<T extends FragmentTiming>(timing: T, anchors: readonly Anchor[]): T {
  const anchor = anchorOf(timing, anchors);
  if (!anchor || (anchor.addMs === 0 && anchor.scale === undefined && !anchor.isEven)) return timing;
  const moved: T = { ...timing, ...place(timing, anchor) };
  if (anchor.isEven) delete moved.longStills;
  else if (timing.longStills) moved.longStills = timing.longStills.map((still) => place(still, anchor));
  return moved;
}

/** A stretch of media as the anchors of its capture have it. */
export function placeByAnchors(stretch: Still, anchors: readonly Anchor[]): Still {
  const anchor = anchorOf(stretch, anchors);
  return anchor ? place(stretch, anchor) : stretch;
}

/** The anchors that what begins at `startMs` or later needs. */
export function anchorsFrom(startMs: number, anchors: readonly Anchor[]): readonly Anchor[] {
  const first = anchors.findLastIndex(({ fromMs }) => fromMs <= startMs);
  return first > 0 ? anchors.slice(first) : anchors;
}

function anchorOf({ startMs }: Pick<Still, 'startMs'>, anchors: readonly Anchor[]): Anchor | undefined {
  return anchors.findLast(({ fromMs }) => fromMs <= startMs);
}

function place({ startMs, durationMs }: Still, { addMs, scale = 1 }: Anchor): Still {
  return { startMs: startMs * scale + addMs, durationMs: durationMs * scale };
}
