import { type SentReport, UNREADABLE } from '@hindsight/virtual-camera';
import { heardSessions } from './heard.js';
import { lengthMs, overlapMs, rangesOf, type Span } from './spans.js';

/** Times of two captures of one camera are put together by the clock of the computer: so far they may be apart, with a second to spare. */
const CLOCK_TOLERANCE_MS = 300;

/** The service knows a picture's time by its arrival: what was taken so shortly before the end may come after it. */
const LATENESS_MS = 250;
/** FFmpeg looks at a stream for a while, and then waits for its first fragment to be full, before it gives anything. */
const OPENING_MS = 3_000;

/** Less is jitter. */
const BEND_MS = 100;
const NO_DELAY = { leastMs: 0, mostMs: 0 };

/** What is known of a finished recording, from the camera, the object and the row. */
export interface RecordingEvidence {
  /** The wanted range. */
  range: Span;
  sent: SentReport;
  fps: number;
  loopLength: number;
  /** Of the object's pictures, in the order of showing. */
  counters: readonly number[];
  /** When each picture was taken, as the row and the object say it. */
  claimedAtMs: readonly number[];
  ledger: { expectedMs: number; storedMs: number; gaps: readonly Span[] };
}

/** Frames that follow one another; the numbers count from the camera's start, the end is excluded. */
export interface FrameSpan extends Span {
  first: number;
  end: number;
}

export interface RecordingJudgement {
  /** Frame numbers in the object. */
  stored: Set<number>;
  unreadable: number;
  /** Pictures that are in the object more than once, or out of order. */
  misplaced: number;
  /** Of the range, and not in the object: whether or not anybody could hear the camera. */
  missing: FrameSpan[];
  /** Of those, the ones that went to a client which then gave nothing to the object from there on. */
  lost: LostFrames[];
  /** Missing from the range without a gap in the ledger that says so. */
  unaccountedMs: number;
  /** Gaps in the ledger beyond what is missing. */
  overstatedMs: number;
  /** |expected − stored − Σ gaps|. */
  imbalanceMs: number;
  /** How far the object's clock is behind the camera's: the least and the most over all pictures. */
  clock: { leastMs: number; mostMs: number };
  /** Where that changes from one picture to the next: the object's timeline is bent there. */
  bends: ClockBend[];
}

export interface ClockBend {
  /** Number of the picture behind it. */
  frame: number;
  fromMs: number;
  toMs: number;
}

export interface LostFrames extends FrameSpan {
  frames: number;
  /** The client ended while it was only being opened: nothing of it had come yet. */
  opening: boolean;
}

/** Compares what the camera sent with what is stored and with what the ledger says. */
export function judgeRecording(evidence: RecordingEvidence): RecordingJudgement {
  const { counters, ledger, fps, range } = evidence;
  const numbers = numberFrames(evidence);
  const stored = new Set(numbers.filter((number) => number !== null));
  const placed = numbers.flatMap((number, index) =>
    number === null ? [] : [{ number, offsetMs: evidence.claimedAtMs[index]! - takenAtMs(evidence, number) }],
  );
  const offsets = placed.map(({ offsetMs }) => offsetMs);
  const clock = offsets.length > 0 ? { leastMs: Math.min(...offsets), mostMs: Math.max(...offsets) } : NO_DELAY;
  const late = Math.min(Math.max(0, clock.mostMs), LATENESS_MS);
  const missing = findMissing(stored, { ...evidence, range: { ...range, endMs: range.endMs - late } });
  return {
    stored,
    missing,
    ...{ unreadable: counters.filter((counter) => counter === UNREADABLE).length, misplaced: countMisplaced(numbers) },
    lost: findLost(missing, stored, evidence),
    ...weighGaps(missing, ledger.gaps, { delayMs: clock, fps }),
    imbalanceMs: Math.abs(
      ledger.expectedMs - ledger.storedMs - ledger.gaps.reduce((sum, gap) => sum + lengthMs(gap), 0),
    ),
    clock,
    bends: placed.slice(1).flatMap(({ number, offsetMs }, index) => {
      const fromMs = placed[index]!.offsetMs;
      return Math.abs(offsetMs - fromMs) > BEND_MS ? [{ frame: number, fromMs, toMs: offsetMs }] : [];
    }),
  };
}

/** The picture shows its number within a loop; the clock, right to half a loop, says which loop. Null: not to be read. */
function numberFrames({ counters, claimedAtMs, sent, fps, loopLength }: RecordingEvidence): (number | null)[] {
  return counters.map((counter, index) => {
    if (counter === UNREADABLE) return null;
    const expected = ((claimedAtMs[index]! - sent.startedAtMs) * fps) / 1_000;
    return counter + Math.round((expected - counter) / loopLength) * loopLength;
  });
}

function countMisplaced(numbers: readonly (number | null)[]): number {
  let highest = -Infinity;
  return numbers.filter((number) => {
    if (number === null) return false;
    const backwards = number <= highest;
    highest = Math.max(highest, number);
    return backwards;
  }).length;
}

function takenAtMs({ sent, fps }: Pick<RecordingEvidence, 'sent' | 'fps'>, number: number): number {
  return sent.startedAtMs + (number * 1_000) / fps;
}

function toSpan(evidence: RecordingEvidence, { first, end }: { first: number; end: number }): FrameSpan {
  return { first, end, startMs: takenAtMs(evidence, first), endMs: takenAtMs(evidence, end) };
}

function findMissing(stored: ReadonlySet<number>, evidence: RecordingEvidence): FrameSpan[] {
  const { range, sent, fps } = evidence;
  const frameAt = (ms: number) => Math.ceil(((ms - sent.startedAtMs) * fps) / 1_000);
  const [first, end] = [frameAt(range.startMs), frameAt(range.endMs)];
  const wanted = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  return rangesOf(wanted.filter((number) => !stored.has(number))).map((each) => toSpan(evidence, each));
}

function findLost(
  missing: readonly FrameSpan[],
  stored: ReadonlySet<number>,
  evidence: RecordingEvidence,
): LostFrames[] {
  const { fps, range } = evidence;
  const missed = new Set(missing.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i)));
  return heardSessions(evidence.sent, 'main').flatMap((heard) => {
    const isIn = heard.some((number) => stored.has(number));
    const opening = heard.length <= (OPENING_MS * fps) / 1_000 && !isIn;
    // How late the service hears a session of which it took nothing, the object does not say.
    const isAtEnd = (number: number) => !isIn && takenAtMs(evidence, number) >= range.endMs - LATENESS_MS;
    const lost = rangesOf(heard.filter((number) => missed.has(number) && !isAtEnd(number)));
    return lost.map((each) => ({ ...toSpan(evidence, each), frames: each.end - each.first, opening }));
  });
}

/** Sets each stretch of missing frames against the ledger's gaps around it; the ledger's clock may be behind the camera's. */
function weighGaps(
  missing: readonly FrameSpan[],
  gaps: readonly Span[],
  { delayMs, fps }: { delayMs: { leastMs: number; mostMs: number }; fps: number },
): { unaccountedMs: number; overstatedMs: number } {
  const frameMs = 1_000 / fps;
  const slackMs = CLOCK_TOLERANCE_MS + frameMs + delayMs.mostMs - delayMs.leastMs;
  const seen = ({ startMs, endMs }: Span): Span => ({
    startMs: startMs + delayMs.leastMs - slackMs,
    endMs: endMs + delayMs.mostMs + slackMs,
  });
  const excess = (bigMs: number, smallMs: number) => (bigMs - smallMs > slackMs ? bigMs - smallMs : 0);
  const unaccountedMs = missing.map((stretch) => {
    const coveredMs = gaps.reduce((sum, gap) => sum + overlapMs(gap, seen(stretch)), 0);
    return excess(lengthMs(stretch), coveredMs);
  });
  const overstatedMs = gaps.map((gap) => {
    const missedMs = missing.reduce((sum, stretch) => sum + overlapMs(gap, seen(stretch)), 0);
    return excess(lengthMs(gap), missedMs);
  });
  const total = (values: readonly number[]) => Math.round(values.reduce((sum, value) => sum + value, 0));
  return { unaccountedMs: total(unaccountedMs), overstatedMs: total(overstatedMs) };
}
