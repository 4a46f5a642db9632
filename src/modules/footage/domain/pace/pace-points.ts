/** How much of a track had come at an instant. */
export interface PacePoint {
  /** Milliseconds of its own times, or frames: whichever tells the time better. */
  units: number;
  /** When it came, on a clock that nobody sets. */
  monoMs: number;
  /** Where its end was placed. */
  placedMs: number;
}

/** What came without waiting for anything lies on a line: so many milliseconds for each unit. */
export interface PaceLine {
  unitMs: number;
  /** The first of the points that it was laid through, and the last. */
  from: PacePoint;
  to: PacePoint;
}

/** A stretch in which a line is looked for. */
interface Level {
  /** No fewer points, and none from before so long ago unless they are needed for that. */
  points: number;
  spanMs: number;
  /** So much media must have come too early, or too late, for its pace to be off. */
  earlyMs: number;
  lateMs: number;
  /** How much the line's second half may differ from its first, as a share of the slope. */
  bend: number;
}

/**
 * What is far off is seen within seconds, what is a little off within minutes. Media that comes ever later may be a network that is too
 * narrow, so more is asked of that; media that comes ever earlier has no other explanation than its times.
 */
const FAST: Level = { points: 6, spanMs: 5_000, earlyMs: 300, lateMs: Infinity, bend: 0.4 };
const SLOW: Level = { points: 8, spanMs: 6_000, earlyMs: Infinity, lateMs: 1_000, bend: 0.4 };
/** So many points tell how late media is now. */
const FEW = 5;
const LONG: Level = { points: 24, spanMs: 60_000, earlyMs: 120, lateMs: 150, bend: 0.5 };
const HOURS: Level = { points: 12, spanMs: 600_000, earlyMs: 120, lateMs: 120, bend: 0.5 };
/** So many points are one in what is kept for long: the one that waited least. */
const MERGED = 10;
const MOST_POINTS = 180;
/** A pace that differs by more than this share of itself is no one pace. */
const STEADY = 0.2;

/** What came of a track lately, and the line that it lies on. */
export class PacePoints {
  private readonly recent: PacePoint[] = [];
  private readonly merged: PacePoint[] = [];
  private sinceMerge: PacePoint[] = [];

  /** @param unitMs what a unit takes by what is known: tells which point waited least */
  add(point: PacePoint, unitMs: number): void {
    push(this.recent, point, LONG);
    this.sinceMerge.push(point);
    if (this.sinceMerge.length < MERGED) return;
    push(this.merged, earliest(this.sinceMerge, unitMs), HOURS);
    this.sinceMerge = [];
  }

  /**
   * The line that media lies on, when that is off by more than its arrivals can be.
   * @param unitMs what a unit takes by what is known so far
   */
  findLine(unitMs: number): PaceLine | null {
    const short = this.findIn(FAST, unitMs) ?? this.findIn(SLOW, unitMs);
    if (short || this.sinceMerge.length > 0) return short;
    return lineThrough(this.recent, unitMs, LONG) ?? lineThrough(this.merged, unitMs, HOURS);
  }

  /** The line through all that came lately, however much of it is too early by now. */
  lineThroughAll(unitMs: number): PaceLine | null {
    return lineThrough(this.recent, unitMs, FAST) ?? lineThrough(this.recent, unitMs, SLOW);
  }

  /**
   * What a unit took lately, whether that is off or not; null when there is too little to tell, or it was now more, now less.
   * @param least so few points are enough
   */
  measure(least = LONG.points): number | null {
    const [start, end] = [this.recent[0], this.recent.at(-1)];
    if (!start || !end || this.recent.length < least || end.units <= start.units) return null;
    const { first, middle, last } = lows(this.recent, (end.monoMs - start.monoMs) / (end.units - start.units));
    const unitMs = slopeOf(first, last, 0);
    const isSteady = [slopeOf(first, middle, 0), slopeOf(middle, last, 0)].every(
      (part) => Math.abs(part - unitMs) <= unitMs * STEADY,
    );
    return isSteady ? unitMs : null;
  }

  /** How late the least late of the last few points came, seen from a line through the origin; null: there is none. */
  lateMs(unitMs: number): number | null {
    const few = this.recent.slice(-FEW);
    return few.length > 0 ? lateness(earliest(few, unitMs), unitMs) : null;
  }

  private findIn(level: Level, unitMs: number): PaceLine | null {
    const sinceMs = (this.recent.at(-1)?.monoMs ?? 0) - level.spanMs;
    const count = this.recent.length - (this.recent.findLastIndex(({ monoMs }) => monoMs < sinceMs) + 1);
    return lineThrough(this.recent.slice(-Math.max(level.points, count)), unitMs, level);
  }
}

function push(points: PacePoint[], point: PacePoint, { points: least, spanMs }: Level): void {
  points.push(point);
  while (points.length > MOST_POINTS || (points.length > least && points[0]!.monoMs < point.monoMs - spanMs))
    points.shift();
}

function lineThrough(points: readonly PacePoint[], unitMs: number, level: Level): PaceLine | null {
  if (points.length < level.points) return null;
  const { first, middle, last } = lows(points, unitMs);
  const offMs = lateness(last, unitMs) - lateness(first, unitMs);
  if (offMs > -level.earlyMs && offMs < level.lateMs) return null;
  const slope = offMs / (last.units - first.units);
  const isStraight = [slopeOf(first, middle, unitMs), slopeOf(middle, last, unitMs)].every(
    (part) => Math.abs(part - slope) <= Math.abs(slope) * level.bend,
  );
  return isStraight ? { unitMs: unitMs + slope, from: first, to: last } : null;
}

/** The point of each third that waited least: network and machine only ever make media late. */
function lows(points: readonly PacePoint[], unitMs: number): Record<'first' | 'middle' | 'last', PacePoint> {
  const third = Math.floor(points.length / 3);
  return {
    first: earliest(points, unitMs, 0, third),
    middle: earliest(points, unitMs, third, points.length - third),
    last: earliest(points, unitMs, points.length - third),
  };
}

function earliest(points: readonly PacePoint[], unitMs: number, from = 0, to = points.length): PacePoint {
  let low = points[from]!;
  for (let index = from + 1; index < to; index += 1) {
    if (lateness(points[index]!, unitMs) < lateness(low, unitMs)) low = points[index]!;
  }
  return low;
}

function slopeOf(from: PacePoint, to: PacePoint, unitMs: number): number {
  return (lateness(to, unitMs) - lateness(from, unitMs)) / (to.units - from.units);
}

function lateness({ monoMs, units }: PacePoint, unitMs: number): number {
  return monoMs - units * unitMs;
}
