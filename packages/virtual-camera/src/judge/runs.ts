import { UNREADABLE } from '../counter.js';

/** Frames of an object whose counters follow one another; unreadable ones stand for what must be between. */
export interface CounterRun {
  /** Counter of its first frame. */
  counter: number;
  /** Number of its first frame since the camera's start, when the clock says so. */
  firstFrame?: number;
  /** For each frame whether it could be read. */
  readable: boolean[];
  /** Unreadable frames after it: it may go on with them, or not. */
  unreadableAfter: number;
}

export interface SplitCounters {
  runs: CounterRun[];
  /** Unreadable frames of an object in which nothing can be read. */
  unreadable: number;
}

export interface SplitOptions {
  loopLength: number;
  /** Counters of frames after which something was not sent: the next counter may be of a later loop although it fits. */
  endCounters: ReadonlySet<number>;
  /** Number of a frame since the camera's start, where the clock knows it. */
  placeOf?: ((index: number, counter: number) => number | undefined) | undefined;
}

/** Cuts counters where they do not follow one another, or need not. */
export function splitRuns(counters: readonly number[], options: SplitOptions): SplitCounters {
  const runs: CounterRun[] = [];
  let unreadable = 0;
  counters.forEach((counter, index) => {
    if (counter === UNREADABLE) {
      unreadable++;
      return;
    }
    const run = runs.at(-1);
    const frame = options.placeOf?.(index, counter);
    const gap = Array.from({ length: unreadable }, () => false);
    if (run && follows(run, { counter, frame, unreadable }, options)) {
      run.readable.push(...gap, true);
    } else {
      if (run) run.unreadableAfter = unreadable;
      runs.push(run ? beginRun(counter, frame, []) : beginRun(counter - gap.length, minus(frame, gap.length), gap));
    }
    unreadable = 0;
  });
  const last = runs.at(-1);
  if (last) last.unreadableAfter = unreadable;
  return { runs, unreadable: last ? 0 : unreadable };
}

function beginRun(counter: number, firstFrame: number | undefined, gap: readonly boolean[]): CounterRun {
  const run = { counter, readable: [...gap, true], unreadableAfter: 0 };
  return firstFrame === undefined ? run : { ...run, firstFrame };
}

function follows(
  run: CounterRun,
  next: { counter: number; frame: number | undefined; unreadable: number },
  { loopLength, endCounters }: SplitOptions,
): boolean {
  const step = run.readable.length + next.unreadable;
  if (modulo(next.counter - run.counter - step, loopLength) !== 0) return false;
  for (let back = 1; back <= next.unreadable + 1; back++) {
    if (endCounters.has(modulo(next.counter - back, loopLength))) return false;
  }
  return next.frame === undefined || run.firstFrame === undefined || next.frame === run.firstFrame + step;
}

export function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function minus(frame: number | undefined, count: number): number | undefined {
  return frame === undefined ? undefined : frame - count;
}
