import { FrameSet, frameSetOf } from './judge/frame-set.js';
import { placeRuns } from './judge/place-runs.js';
import type { CounterRun } from './judge/runs.js';
import { splitRuns } from './judge/runs.js';
import type { SentReport } from './sent-history.js';
import type { FrameRange } from './sent-ranges.js';

/** Frames that were sent; damaged ones are nobody's loss. */
export interface JudgedRange extends FrameRange {
  damaged?: boolean;
}

export interface JudgeOptions {
  /** Counters run from 0 to `loopLength - 1`. */
  loopLength: number;
  /** The wall clock of the object's frames, right to half a loop: it tells loops apart when more than one is missing. */
  clock?: {
    /** When frame 0 was taken, as in SentReport. */
    startedAtMs: number;
    fps: number;
    /** When the object says that its n-th frame was taken; undefined when it does not say. */
    takenAtMs: (index: number) => number | undefined;
  };
}

export interface FrameTally {
  frames: number;
  /** Where they are, by frame number since the camera's start, as far as that is known. */
  ranges: FrameRange[];
}

/** What became of the frames that were sent. */
export interface Judgement {
  /** Sent whole, and not in the object. */
  lost: FrameTally;
  /** In the object, but not to be read, although they were sent whole. */
  unreadable: FrameTally;
  /** In the object once more than sent; each repetition counts. */
  duplicated: FrameTally;
  /** In the object and never sent: then the object is wrong, or what was given as sent. */
  unexpected: FrameTally;
  /** First and last frame of the object that could be read; null when there is none. */
  firstFrame: number | null;
  lastFrame: number | null;
}

/**
 * Compares the counters that were read from an object, in its order, with the frames that should be in it. A counter alone
 * does not say in which loop its frame was: the loops are chosen such that the least is lost, repeated or never sent.
 */
export function judgeFrames(
  counters: readonly number[],
  sent: readonly JudgedRange[],
  options: JudgeOptions,
): Judgement {
  const { loopLength, clock } = options;
  const known = new FrameSet(sent);
  const whole = new FrameSet(sent.filter(({ damaged }) => !damaged));
  const endCounters = new Set(known.ranges.map(({ lastFrame }) => lastFrame % loopLength));
  const placeOf = clock && placeByClock(loopLength, clock);
  const { runs, unreadable } = splitRuns(counters, { loopLength, endCounters, placeOf });
  const places = placeRuns(runs, { known, whole }, loopLength);
  const found = collectFrames(runs, places, known);
  const blurred = sortUnreadable(found.unreadable, found.read, { known, whole });
  const isThere = new Set([...found.read, ...blurred.placed]);
  const lost = whole.ranges.flatMap((range) => framesOf(range).filter((frame) => !isThere.has(frame)));
  const read = frameSetOf(found.read);
  return {
    lost: tally(lost),
    unreadable: { ...tally(blurred.placed), frames: blurred.placed.length + blurred.unplaced + unreadable },
    duplicated: tally(found.duplicated),
    unexpected: tally([...found.read].filter((frame) => !known.has(frame))),
    firstFrame: read.firstFrame ?? null,
    lastFrame: read.lastFrame ?? null,
  };
}

/**
 * What clients could hear of a stream. Frames that nobody had seen leave the camera when their session ended may have come, whole or in part, or
 * not at all: they count as damaged.
 */
export function heardRanges(report: SentReport, stream: string): Required<JudgedRange>[] {
  return report.sessions
    .filter((session) => session.stream === stream)
    .flatMap(({ ranges, closedAtMs, unflushedFrames }) => {
      const unsure = new Set(closedAtMs === null ? [] : unflushedFrames);
      return ranges.flatMap((range) => {
        const [sure, rest] = [false, true].map((isUnsure) =>
          frameSetOf(framesOf(range).filter((frame) => unsure.has(frame) === isUnsure)),
        );
        return [
          ...sure!.ranges.map((part) => ({ ...part, damaged: range.damaged })),
          ...rest!.ranges.map((part) => ({ ...part, damaged: true })),
        ];
      });
    });
}

function placeByClock(loopLength: number, clock: NonNullable<JudgeOptions['clock']>) {
  return (index: number, counter: number): number | undefined => {
    const takenAtMs = clock.takenAtMs(index);
    if (takenAtMs === undefined) return undefined;
    const expected = ((takenAtMs - clock.startedAtMs) * clock.fps) / 1000;
    return counter + Math.round((expected - counter) / loopLength) * loopLength;
  };
}

interface FoundFrames {
  read: Set<number>;
  duplicated: number[];
  unreadable: number[];
}

function collectFrames(runs: readonly CounterRun[], places: readonly number[], known: FrameSet): FoundFrames {
  const found: FoundFrames = { read: new Set(), duplicated: [], unreadable: [] };
  runs.forEach(({ readable, unreadableAfter }, index) => {
    const firstFrame = places[index] ?? 0;
    readable.forEach((isReadable, offset) => {
      const frame = firstFrame + offset;
      if (!isReadable) found.unreadable.push(frame);
      else if (found.read.has(frame)) found.duplicated.push(frame);
      else found.read.add(frame);
    });
    const end = firstFrame + readable.length;
    found.unreadable.push(...placeUnreadable(unreadableAfter, end, places[index + 1], known));
  });
  return found;
}

/** Unreadable frames between two runs go on with the first as long as it was sent, and then lead to the second. */
function placeUnreadable(count: number, end: number, next: number | undefined, known: FrameSet): number[] {
  let after = 0;
  while (after < count && known.has(end + after)) after++;
  const before = next ?? end + count;
  return Array.from({ length: count }, (_, index) => (index < after ? end + index : before - count + index));
}

/** Unreadable frames that stand for whole ones, and the number of those that stand for none; damaged ones are forgiven. */
function sortUnreadable(
  frames: readonly number[],
  read: ReadonlySet<number>,
  { known, whole }: { known: FrameSet; whole: FrameSet },
): { placed: number[]; unplaced: number } {
  const placed = new Set<number>();
  let unplaced = 0;
  for (const frame of frames) {
    if (read.has(frame) || placed.has(frame) || !known.has(frame)) unplaced++;
    else if (whole.has(frame)) placed.add(frame);
  }
  return { placed: [...placed], unplaced };
}

function framesOf({ firstFrame, lastFrame }: FrameRange): number[] {
  return Array.from({ length: lastFrame - firstFrame + 1 }, (_, index) => firstFrame + index);
}

function tally(frames: readonly number[]): FrameTally {
  return { frames: frames.length, ranges: frameSetOf(frames).ranges };
}
