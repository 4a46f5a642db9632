import type { FootageSpan, Span } from '../../../schema/ledger.js';
import type { Still } from '../../../mp4/fragment.js';
import { isOfARate } from '../../../mp4/still-rate.js';
import { usualStepMs } from '../../../mp4/usual-step.js';

/** A fragment where it lies on disk; times count from the start of its capture. */
export interface StoredFragment {
  /** Segment file inside the capture's folder. */
  segment: string;
  offset: number;
  moofBytes: number;
  /** moof and mdat together. */
  sizeBytes: number;
  startMs: number;
  durationMs: number;
  frames: number;
  isSync: boolean;
  /** Pictures that stood for long, on the clock of the capture. */
  longStills?: readonly Still[];
  /** Of what is shown within so long before its end, some leans on frames of the next fragment. */
  leanMs?: number;
}

/** What a selection needs to know of a capture. */
export interface CaptureFootage {
  captureId: string;
  /** Wall-clock instant of the capture's media time 0, milliseconds since the epoch. */
  epochMs: number;
  configDigest: string;
  fragments: readonly StoredFragment[];
}

/** Consecutive fragments of one capture, from a key frame on. */
export interface Take<C extends CaptureFootage = CaptureFootage> {
  capture: C;
  fragments: readonly StoredFragment[];
  /** Wall clock. */
  span: Span;
}

/** A picture that stands this many times longer than usual stands for pictures that did not come. */
const STILL_FACTOR = 5;
/** What is late by no more is caught up with soon: a busy camera, or a network. */
const LATE_MS = 500;
/** Fewer frames beside the stills of a fragment tell no rate of their own. */
const MIN_FRAMES = 4;

/**
 * Stretches inside a take in which the camera sent nothing although the stream went on, wall clock: a stall too short for the watchdog
 * becomes one long picture, and a stalled camera's silence must not count as footage. The picture itself counts for its usual time.
 * A camera that sends fewer pictures for a while (smart codecs do while nothing moves) has not stalled: its pictures stand alike.
 * Nor has one whose pictures are only late: as many as usual have come soon after.
 */
export function findStalls({ capture, fragments }: Take): Span[] {
  const usualMs = usualStepMs(fragments);
  if (usualMs === null) return [];
  const stills = fragments.flatMap((fragment, index) => {
    const missedMs = missedIn(fragments.slice(index, index + 2), usualMs);
    return (fragment.longStills ?? []).map((still) => {
      const isLate = still.durationMs < LATE_MS && missedMs < (still.durationMs - usualMs) / 2;
      return { ...still, isLate, stepMs: ownStepMs(fragment) ?? usualMs };
    });
  });
  return stills
    .filter(({ durationMs, stepMs, isLate }, index) => {
      return !isLate && durationMs > stepMs * STILL_FACTOR && !isOfARate(stills, index);
    })
    .map(({ startMs, durationMs, stepMs }) => ({
      startMs: capture.epochMs + startMs + Math.min(stepMs, durationMs),
      endMs: capture.epochMs + startMs + durationMs,
    }));
}

/** For how long pictures are missing by their number, at the usual rate; below zero: there are more. */
function missedIn(fragments: readonly StoredFragment[], usualMs: number): number {
  return fragments.reduce((sum, { durationMs, frames }) => sum + durationMs - frames * usualMs, 0);
}

/** The time from frame to frame in a fragment beside its stills, or null when too few frames tell it. */
function ownStepMs({ durationMs, frames, longStills = [] }: StoredFragment): number | null {
  const count = frames - longStills.length;
  if (count < MIN_FRAMES) return null;
  return (durationMs - longStills.reduce((sum, still) => sum + still.durationMs, 0)) / count;
}

/** The parts of a take's span that hold footage. Where one ends in a stall, that has been judged already. */
export function coveredSpans({ capture, span, fragments }: Take, stalls: readonly Span[]): FootageSpan[] {
  const edges = [span.startMs, ...stalls.flatMap(({ startMs, endMs }) => [startMs, endMs]), span.endMs];
  const onClock = stalls.map(({ startMs, endMs }) => ({
    startMs: startMs - capture.epochMs,
    endMs: endMs - capture.epochMs,
  }));
  return [...stalls, null].map((_stall, index) => ({
    startMs: edges[index * 2]!,
    endMs: edges[index * 2 + 1]!,
    firstStepMs: index === 0 ? firstStepMs(fragments, onClock) : 0,
    lastStepMs: index === stalls.length ? lastStepMs(fragments, onClock) : 0,
  }));
}

/** The longest time between pictures that a take begins with. */
function firstStepMs(fragments: readonly StoredFragment[], stalls: readonly Span[]): number {
  return Math.max(0, ...framesFrom(fragments).map((fragment) => stepIn(fragment, stalls)));
}

/** And that it ends with: when the picture behind its last one was due is not known, but that a slow rate may have begun. */
function lastStepMs(fragments: readonly StoredFragment[], stalls: readonly Span[]): number {
  const last = framesFrom(fragments.toReversed());
  const slow = last.flatMap(({ longStills = [] }) => longStills.map((still) => heardMs(still, stalls)));
  return Math.max(0, ...last.map((fragment) => stepIn(fragment, stalls)), ...slow);
}

/** So many fragments that they tell a rate. */
function framesFrom(fragments: readonly StoredFragment[]): readonly StoredFragment[] {
  let frames = 0;
  const enough = fragments.findIndex((fragment) => (frames += fragment.frames) >= MIN_FRAMES);
  return enough < 0 ? fragments : fragments.slice(0, enough + 1);
}

function stepIn(fragment: StoredFragment, stalls: readonly Span[]): number {
  return ownStepMs(fragment) ?? heardMs(fragment, stalls) / fragment.frames;
}

/** How long something lasts beside the stalls in it, all on the clock of the capture. */
function heardMs({ startMs, durationMs }: Still, stalls: readonly Span[]): number {
  const endMs = startMs + durationMs;
  const stoodMs = stalls.map((stall) => Math.max(0, Math.min(endMs, stall.endMs) - Math.max(startMs, stall.startMs)));
  return durationMs - stoodMs.reduce((sum, ms) => sum + ms, 0);
}

/**
 * The footage that covers `range`, in order of time. A take begins at the last key frame at or before the range's start
 * (or at the first one after it, when that is all there is) and ends with the fragment that reaches the range's end, or the next one where
 * pictures before that end lean on it.
 */
export function selectFootage<C extends CaptureFootage>(captures: readonly C[], range: Span): Take<C>[] {
  return captures.flatMap((capture) => takeFrom(capture, range) ?? []).sort((a, b) => a.span.startMs - b.span.startMs);
}

/** The earliest picture that may lean on a fragment, on the clock of its capture. */
export function leanFrom({ startMs, leanMs = 0 }: Pick<StoredFragment, 'startMs' | 'leanMs'>): number {
  return startMs - leanMs;
}

function takeFrom<C extends CaptureFootage>(capture: C, range: Span): Take<C> | null {
  const { epochMs, fragments } = capture;
  const first = fragments.findIndex((fragment) => epochMs + fragment.startMs + fragment.durationMs > range.startMs);
  if (first < 0) return null;
  let end = first;
  while (end < fragments.length && epochMs + leanFrom(fragments[end]!) < range.endMs) end += 1;
  let start = first;
  while (start > 0 && !fragments[start]!.isSync) start -= 1;
  while (start < end && !fragments[start]!.isSync) start += 1;
  const chosen = fragments.slice(start, end);
  const last = chosen.at(-1);
  if (!last) return null;
  return {
    capture,
    fragments: chosen,
    span: { startMs: epochMs + chosen[0]!.startMs, endMs: epochMs + last.startMs + last.durationMs },
  };
}
