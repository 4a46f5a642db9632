import { type PaceLine, PacePoints } from './pace-points.js';
import {
  type Pace,
  type PaceFound,
  type Placement,
  type RightedSpan,
  SELDOM_MS,
  type TrackStart,
  type TrackTimes,
} from './track-times.js';

interface Arrived {
  endMs: number;
  /** Of the track, so far. */
  frames: number;
  monoMs: number;
  placedMs: number;
  isOfHeap: boolean;
  lastMs: number;
}

/** A smaller error is left: arrivals are no more exact. */
const DEAD_BAND_MS = 60;
/** A larger one is put right over so long, and by a fifth of the pace at most: pictures that hurry more would be seen to. */
const SETTLE_MS = 5_000;
const MOST_CORRECTION = 0.2;
/** At each fragment the pace follows what is measured by so much of the difference. */
const PACE_GAIN = 0.1;
/** A fragment that comes after so much of its length does not come out of a heap. */
const FLOWING = 0.3;
/** The first arrivals may all have waited, for FFmpeg among others. */
const FIT_MS = 30_000;
/** A line must be no shorter than this share of what it places. */
const REACH = 0.5;
/** Frames that stand for so long, or so many that are crammed, contradict the other times. */
const STANDING_MS = 250;
const CRAMMED = 0.25;
/** Nothing that came within less than this of a pause was one. */
const PAUSE_SHARE = 0.5;
/** A camera that puts its times right does so again and again, each time by about as much. */
const AGAIN_WITHIN_MS = 60_000;
const AGAIN_BY = 0.5;
const FEW_POINTS = 4;
/** A camera's pictures are older by so much, at most, than the connection that they come over; those of a cached group come in a heap. */
const AHEAD_MS = 300;

/**
 * Tells at what pace one track of one session comes, and where its fragments belong. A track whose times agree with its arrivals is left
 * alone. Any other is stretched to what the arrivals say, a little more or less with each fragment, so that its frames keep their rhythm.
 */
export class TrackPace {
  private readonly byTimes = new PacePoints();
  private readonly byFrames = new PacePoints();
  private pace: Pace;
  private isOff: boolean;
  private frames = 0;
  private firstMonoMs: number | null = null;
  private lastMonoMs: number | null = null;
  private ownEndMs: number | null = null;
  private firstPlacedMs = 0;
  private placedMs = 0;
  private isFlowing = false;
  /** What came last, as long as it is not known for how long it was kept. */
  private kept: Arrived | null = null;
  private mostKeptMs = Infinity;
  /** How late media comes that did not wait: an instant of arrival less its place. */
  private baseMs = Infinity;
  private isBaseKnown = false;
  private righted: (RightedSpan & { monoMs: number }) | null = null;

  /** @param from what is known when it begins */
  constructor(
    known: Pace | null,
    private readonly from: TrackStart,
  ) {
    this.pace = known ?? { by: 'times', unitMs: 1 };
    this.isOff = known !== null;
  }

  /** What the next session with the camera should know; null: its times are right. */
  get known(): Pace | null {
    return this.isOff ? this.pace : null;
  }

  /** Where what came last was placed to end. */
  get endMs(): number {
    return this.placedMs;
  }

  /** By how much what was placed last should stand later; below zero: earlier. */
  get lagMs(): number {
    const { by, unitMs } = this.pace;
    const lateMs = this.isOff ? this.points.lateMs(unitMs) : null;
    const units = by === 'frames' ? this.frames : (this.ownEndMs ?? 0);
    return lateMs === null ? 0 : units * unitMs + lateMs - this.baseMs - this.placedMs;
  }

  /**
   * The next fragment of the track.
   * @param monoMs when it came
   */
  follow(times: TrackTimes, monoMs: number): { placement: Placement; found: PaceFound | null } {
    this.takeKept(times);
    const doubted = this.doubt(times, monoMs);
    const placement = this.place(times);
    this.note(times, monoMs);
    return { placement, found: doubted ?? this.find() };
  }

  /** Sound went on for so long behind what came last: nothing was kept for longer. */
  heardFor(ms: number): void {
    this.mostKeptMs = ms;
  }

  private get points(): PacePoints {
    return this.pace.by === 'frames' ? this.byFrames : this.byTimes;
  }

  private place({ startMs, endMs, frames }: TrackTimes): Placement {
    if (!this.isOff) {
      this.placedMs = endMs;
      return { startMs, endMs, isEven: false };
    }
    const isFirst = this.ownEndMs === null;
    const ownEndMs = this.ownEndMs ?? startMs;
    if (isFirst) this.placedMs = startMs;
    const { by, unitMs } = this.pace;
    const paceMs = unitMs * (1 + this.correction());
    const isEven = by === 'frames';
    const from = this.placedMs + (isEven ? 0 : (startMs - ownEndMs) * paceMs);
    const lengthMs = isEven ? frames * paceMs : (endMs - startMs) * paceMs;
    this.placedMs = from + lengthMs;
    return { startMs: from, endMs: this.placedMs, isEven };
  }

  private correction(): number {
    const { lagMs } = this;
    if (Math.abs(lagMs) < DEAD_BAND_MS) return 0;
    return Math.max(-MOST_CORRECTION, Math.min(MOST_CORRECTION, lagMs / SETTLE_MS));
  }

  private note({ startMs, endMs, frames, lastMs }: TrackTimes, monoMs: number): void {
    const isOfHeap = this.lastMonoMs === null || monoMs - this.lastMonoMs < (endMs - startMs) * FLOWING;
    this.isFlowing ||= !isOfHeap;
    if (this.firstMonoMs === null) this.firstPlacedMs = startMs;
    this.firstMonoMs ??= monoMs;
    this.lastMonoMs = monoMs;
    this.ownEndMs = endMs;
    this.frames += frames;
    const arrived = { endMs, frames: this.frames, monoMs, placedMs: this.placedMs, isOfHeap, lastMs };
    if (this.from.keepsBack && lastMs > SELDOM_MS) this.kept = arrived;
    else this.take(arrived);
  }

  /** A frame is given when the next one begins. The one behind what came last is the first of these: so long it was kept. */
  private takeKept({ firstMs }: TrackTimes): void {
    if (!this.kept) return;
    const { by, unitMs } = this.pace;
    const stepMs = by === 'frames' ? unitMs : Math.min(firstMs, this.kept.lastMs) * unitMs;
    const keptMs = Math.min(stepMs, this.mostKeptMs);
    this.take({ ...this.kept, monoMs: this.kept.monoMs - keptMs });
    this.kept = null;
  }

  private take({ endMs, frames, monoMs, placedMs, isOfHeap }: Arrived): void {
    if (!this.isBaseKnown && this.isFitting(monoMs)) this.baseMs = Math.min(this.baseMs, monoMs - placedMs);
    if (isOfHeap) return;
    const { by, unitMs } = this.pace;
    this.byTimes.add({ units: endMs, monoMs, placedMs }, by === 'times' ? unitMs : 1);
    this.byFrames.add({ units: frames, monoMs, placedMs }, by === 'frames' ? unitMs : 0);
    const measured = this.isOff ? this.points.measure() : null;
    if (measured !== null) this.pace = { by, unitMs: unitMs + (measured - unitMs) * PACE_GAIN };
  }

  private find(): PaceFound | null {
    const { unitMs } = this.pace;
    let line = this.points.findLine(unitMs);
    if (line && this.isRough(line)) line = this.points.lineThroughAll(unitMs);
    if (!line || this.isRough(line) || (line.unitMs < unitMs && this.isCatchingUp())) return null;
    const { placedMs, monoMs } = line.from;
    const scale = line.unitMs / unitMs;
    const isStart = this.isFitting(monoMs);
    const isNews = this.isNews(line);
    this.pace = { by: this.pace.by, unitMs: line.unitMs };
    this.isOff = true;
    // What is known to be off already is followed; that it changes is seen in how late it comes.
    if (!isNews) return null;
    this.baseMs = monoMs - placedMs;
    this.isBaseKnown = true;
    return { kind: 'pace', placedMs, monoMs, scale, isStart };
  }

  private isNews({ from }: PaceLine): boolean {
    return !this.isOff || (this.isFitting(from.monoMs) && !this.isBaseKnown);
  }

  /** What came before a line is placed by it: too short a one would be far off there. */
  private isRough(line: PaceLine): boolean {
    const { from, to, unitMs } = line;
    const isOfStart = this.isFitting(from.monoMs) && this.isNews(line);
    const beforeMs = ((from.placedMs - this.firstPlacedMs) * unitMs) / this.pace.unitMs;
    return isOfStart && to.monoMs - from.monoMs < beforeMs * REACH;
  }

  /** What FFmpeg heard while it looked at the stream comes faster than it was taken, until nothing of it is left. Less of it than time has gone by is no proof of more. */
  private isCatchingUp(): boolean {
    const nowMs = this.lastMonoMs ?? 0;
    return (
      this.isFitting(nowMs) &&
      this.placedMs - this.firstPlacedMs < nowMs - (this.from.heardFromMs ?? this.firstMonoMs ?? 0) + AHEAD_MS
    );
  }

  private isFitting(monoMs: number): boolean {
    return monoMs - (this.firstMonoMs ?? monoMs) < FIT_MS;
  }

  /** Times that are put right without a pause, or that go back, do not tell the time: the frames do. */
  private doubt(times: TrackTimes, monoMs: number): PaceFound | null {
    const { endMs, standingMs, crammed } = times;
    if (this.pace.by === 'frames' || !this.isFlowing || this.lastMonoMs === null) return null;
    const cameMs = monoMs - this.lastMonoMs;
    const isRighted = standingMs > STANDING_MS && cameMs < this.unpausedMs(times) + standingMs * PAUSE_SHARE;
    if (this.isOff && (isRighted || crammed > CRAMMED)) return this.countFrames();
    if (!isRighted) return null;
    this.takeRighted(times, monoMs);
    const span = { fromMs: this.righted?.toMs ?? this.firstPlacedMs, toMs: endMs, byMs: standingMs };
    const before = this.righted;
    this.righted = { ...span, monoMs };
    const isAgain = before !== null && monoMs - before.monoMs < AGAIN_WITHIN_MS && isAbout(standingMs, before.byMs);
    if (!isAgain) return null;
    this.countFrames();
    return { kind: 'even', spans: [before, span] };
  }

  /** Right behind what was put right, a track is as late as it may be, and not more: nothing tells that better. */
  private takeRighted({ endMs, behind }: TrackTimes, monoMs: number): void {
    const frameMs = this.byFrames.measure(FEW_POINTS);
    if (frameMs === null || this.isBaseKnown) return;
    this.baseMs = Math.min(this.baseMs, monoMs - behind.frames * frameMs - (endMs - behind.lengthMs));
  }

  /** How long a fragment takes to come if its camera does not pause in it. */
  private unpausedMs({ startMs, endMs, frames, standingMs }: TrackTimes): number {
    const ownMs = (endMs - (this.ownEndMs ?? startMs) - standingMs) * this.pace.unitMs;
    return Math.max(ownMs, frames * (this.byFrames.measure(FEW_POINTS) ?? 0));
  }

  /** @returns null: it brings no news of what was written */
  private countFrames(): null {
    const unitMs = this.byFrames.measure(FEW_POINTS);
    if (unitMs === null) return null;
    this.pace = { by: 'frames', unitMs };
    this.isOff = true;
    // Right after they were put right, its times were as late as they may be.
    this.isBaseKnown = true;
    return null;
  }
}

function isAbout(a: number, b: number): boolean {
  return Math.abs(a - b) < Math.max(a, b) * AGAIN_BY;
}
