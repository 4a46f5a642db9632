import { addDays } from '../../../common/local-days.js';
import { instantsOf, wallOf } from '../../../common/wall-time.js';
import { lengthUntil, type ScheduleTimes, secondsOf } from './rule.js';
import { type Start, startsOf } from './starts.js';

/** One occurrence of a schedule as a stretch of time; instants in milliseconds since the epoch, half-open. */
export interface PlannedWindow {
  /** Names it for good within its schedule, on each camera. */
  wallKey: string;
  /** When the rule begins it; it begins later where the one before it reaches into it. */
  ruleMs: number;
  startMs: number;
  endMs: number;
  /** With the padding. */
  recordFromMs: number;
  recordToMs: number;
  /** What is unusual about it, in sentences; null: nothing. */
  note: string | null;
}

export interface PlanScope {
  /** The rule begins it at `fromMs` or later, and before `toMs`. */
  fromMs: number;
  toMs: number;
  max: number;
}

/** A window of twelve hours, on a date with two of the longest changes, and its padding. */
const LONGEST_MS = 36 * 3_600_000;

/**
 * The occurrences that begin in a stretch of time, in order. Never less is planned than was asked: a start or an end that the clocks
 * skip is the first instant after the gap; of two, a start is the earlier and an end the later; a duration is time that passes.
 * Two of them never overlap: the later one begins where the earlier one ends, and one that lies within the earlier one is left out.
 */
export function planWindows(times: ScheduleTimes, { fromMs, toMs, max }: PlanScope): PlannedWindow[] {
  const windows: PlannedWindow[] = [];
  let last: PlannedWindow | null = null;
  // What began before may reach into it.
  for (const start of startsOf(times, fromMs - LONGEST_MS)) {
    if (start.ms >= toMs || windows.length >= max) break;
    const window = join(last, windowOf(times, start));
    if (!window) continue;
    last = window;
    if (start.ms >= fromMs) windows.push(window);
  }
  return windows;
}

function join(last: PlannedWindow | null, window: PlannedWindow): PlannedWindow | null {
  if (!last || window.recordFromMs >= last.recordToMs) return window;
  if (window.endMs <= last.endMs) return null;
  const startMs = Math.max(window.startMs, last.endMs);
  const sentence = startMs > window.startMs ? 'It begins where the one before it ends.' : null;
  return { ...window, startMs, recordFromMs: last.recordToMs, note: sentences(window.note, sentence) };
}

function windowOf(times: ScheduleTimes, start: Start): PlannedWindow {
  const { timeZone, paddingBeforeSec, paddingAfterSec } = times;
  const end = endOf(times, start);
  const startNote =
    start.is === 'once' ? null : `The clocks ${wordsOf(start.is)} ${start.wall}: it begins ${begins(start, timeZone)}.`;
  return {
    wallKey: start.key,
    ruleMs: start.ms,
    startMs: start.ms,
    endMs: end.ms,
    recordFromMs: start.ms - paddingBeforeSec * 1_000,
    recordToMs: end.ms + paddingAfterSec * 1_000,
    note: sentences(startNote, end.note),
  };
}

function endOf(times: ScheduleTimes, { wall, ms }: Start): { ms: number; note: string | null } {
  const { timeZone, durationSec, until } = times;
  if (until === null) return { ms: ms + (durationSec ?? 0) * 1_000, note: null };
  const time = wall.slice(11);
  const date = secondsOf(until) > secondsOf(time) ? wall.slice(0, 10) : addDays(wall.slice(0, 10), 1);
  const { is, lastMs } = instantsOf(`${date}T${until}`, timeZone);
  const askedMs = lengthUntil(time, until) * 1_000;
  // Its whole time was skipped: it takes as long from the first instant after the gap.
  if (lastMs <= ms) return { ms: ms + askedMs, note: null };
  const note =
    is === 'once'
      ? null
      : `The clocks ${wordsOf(is)} ${date}T${until}: it ends at ${is === 'twice' ? 'the later one' : clock(lastMs, timeZone)}.`;
  return { ms: lastMs, note: note ?? changeNote(lastMs - ms - askedMs) };
}

/** The clocks change within it. */
function changeNote(moreMs: number): string | null {
  if (moreMs === 0) return null;
  const minutes = Math.round(Math.abs(moreMs) / 60_000);
  return `The clocks change within it: it lasts ${minutes} minutes ${moreMs > 0 ? 'longer' : 'less'} than they say.`;
}

function wordsOf(is: 'skipped' | 'twice'): string {
  return is === 'skipped' ? 'skip' : 'show twice';
}

function begins({ is, ms }: Start, timeZone: string): string {
  return is === 'twice' ? 'at the earlier one' : `at ${clock(ms, timeZone)}`;
}

function clock(ms: number, timeZone: string): string {
  return wallOf(ms, timeZone).slice(11, 16);
}

function sentences(...parts: (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null);
  return said.length > 0 ? said.join(' ') : null;
}
