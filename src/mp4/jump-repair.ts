import { keepFirst } from './fragment-repair.js';
import type { Sample, TrackFragment } from './track-fragment.js';

/**
 * Media times that move by more than this without the time to do so have jumped. Smaller ones are a camera that corrects its clock;
 * larger ones would be felt as wrong footage times.
 */
export const JUMP_MS = 500;
/** FFmpeg writes frames whose time is before the last one's a tick apart. */
const CRAMMED_SEC = 0.001;
/** A frame that is shown for so many usual steps stands. */
export const STANDS = 1.5;
const MAX_TICKS = 0xffff_ffff;
/** H.264 and H.265 keep no more pictures than this back from being shown. */
export const MAX_REORDERED = 16;

/** What is usual in a track. */
export interface Usual {
  stepTicks: number;
  /** The largest difference of presentation and decode time. */
  compositionTicks: number;
  /** Its frames are not shown in the order in which they are decoded. */
  reorders: boolean;
}

/** What lies in front of a fragment of a track. */
export interface Before {
  /** When the frames there are shown, in ticks. */
  shownTicks: readonly number[];
  /** Some of them were cut: what follows leans on them. */
  wasCut: boolean;
  /** This camera's pictures are often to be shown at the moment of another one: that says nothing. */
  areShared: boolean;
}

/** When the last frames are shown, in ticks, in decode order: those of a fragment, and before them those in front of it. */
export function shownUpTo(fragment: TrackFragment, inFront: readonly number[]): number[] {
  return [...inFront, ...shownIn(fragment)].slice(-MAX_REORDERED);
}

function shownIn({ samples, startTicks }: TrackFragment): number[] {
  let atTicks = startTicks;
  return samples.map(({ durationTicks, compositionTicks }) => {
    const shownAt = atTicks + compositionTicks;
    atTicks += durationTicks;
    return shownAt;
  });
}

/**
 * Of reordered frames whose times it threw away, FFmpeg does not know the order: it shows each when it is decoded, and some at the moment of one
 * before them.
 * @returns the index of the first frame that is to be shown with another one, or -1
 */
export function findDisordered(
  fragment: TrackFragment,
  usual: Usual,
  { shownTicks, areShared }: Omit<Before, 'wasCut'>,
): number {
  if (!usual.reorders || areShared) return -1;
  const inFront = shownTicks.slice(-MAX_REORDERED);
  const all = [...inFront, ...shownIn(fragment)];
  const found = all.findIndex(
    (at, index) =>
      index >= inFront.length &&
      all.slice(Math.max(0, index - MAX_REORDERED), index).some((other) => Math.abs(other - at) < usual.stepTicks / 2),
  );
  return found < 0 ? -1 : found - inFront.length;
}

/**
 * Cuts reordered frames whose order is lost, and what leans on them, in place. The others keep their times.
 * @returns whether any was cut
 */
export function cutDisordered(moof: Buffer, fragment: TrackFragment, usual: Usual, before: Before): boolean {
  const first = before.wasCut ? 0 : findDisordered(fragment, usual, before);
  if (first < 0) return false;
  keepFirst(moof, fragment.samples, first);
  return true;
}

/**
 * Gives the frames of a fragment in which times jump their usual length, in place. Reordered ones are cut from the first on that is not usual.
 * @returns how long the track's part is now, and whether any of it was cut
 */
export function mendTrack(
  moof: Buffer,
  fragment: TrackFragment,
  usual: Usual,
  before: Before,
): { lengthTicks: number; isCut: boolean } {
  const { samples, track, defaultDurationAt } = fragment;
  const isOdd = (sample: Sample) =>
    isGiant(sample, usual, track.timescale) || isCrammed(sample.durationTicks, track.timescale);
  const disordered = findDisordered(fragment, usual, before);
  const first = before.wasCut ? 0 : samples.findIndex((sample, index) => isOdd(sample) || index === disordered);
  const kept = first >= 0 && usual.reorders ? first : samples.length;
  keepFirst(moof, samples, kept);
  let lengthTicks = 0;
  for (const sample of samples.slice(0, kept)) {
    const at = sample.durationAt ?? defaultDurationAt;
    const isMended = at !== null && isOdd(sample);
    if (isMended) moof.writeUInt32BE(usual.stepTicks, at);
    lengthTicks += isMended ? usual.stepTicks : sample.durationTicks;
  }
  return { lengthTicks, isCut: kept < samples.length };
}

export interface Placed {
  moof: Buffer;
  track: TrackFragment;
}

interface Step {
  moof: Buffer;
  /** Where its duration is written. */
  at: number | null;
  ticks: number;
  isCrammed: boolean;
}

/** What a track needs beyond what its crammed frames say. */
export interface Lack {
  /** The frame in front of them has so much less than its time. */
  owedTicks: number;
  /** By how much what follows may be moved on. */
  mostLagTicks: number;
}

/**
 * Gives crammed frames their time back, in place, as far as there is any.
 * @returns by how much what follows must be moved on
 */
export function spreadTrack(
  placed: readonly Placed[],
  usual: Usual,
  { owedTicks: lackTicks, mostLagTicks }: Lack,
): number {
  const steps = stepsOf(placed);
  const crammed = steps.filter((step) => step.isCrammed);
  const standTicks = ({ ticks }: Step) => (ticks > usual.stepTicks * STANDS ? ticks - usual.stepTicks : 0);
  const behind = steps.slice(steps.findIndex((step) => step.isCrammed) + 1);
  const roomTicks = sum([...behind.map(standTicks), ...crammed.map(({ ticks }) => ticks)]);
  const isWhole = usual.stepTicks * crammed.length + lackTicks - roomTicks <= mostLagTicks;
  const stepTicks = isWhole ? usual.stepTicks : Math.floor(roomTicks / crammed.length);
  let owedTicks = isWhole ? lackTicks : 0;
  for (const step of steps) {
    const paidTicks = step.isCrammed ? step.ticks - stepTicks : Math.min(owedTicks, standTicks(step));
    owedTicks -= paidTicks;
    step.ticks -= paidTicks;
  }
  const isMade = crammed.length > 0 && owedTicks <= mostLagTicks && isWritable(steps);
  if (isMade) writeSteps(placed, steps, isWhole ? lackTicks : 0);
  return isMade ? owedTicks : 0;
}

/** A duration has 32 bits, and one that holds for several frames must be the same for all. */
function isWritable(steps: readonly Step[]): boolean {
  return steps.every(({ moof, at, ticks }, index) => {
    const before = steps[index - 1];
    return (
      at !== null &&
      ticks >= 0 &&
      ticks <= MAX_TICKS &&
      (before?.moof !== moof || before.at !== at || before.ticks === ticks)
    );
  });
}

function writeSteps(placed: readonly Placed[], steps: Step[], laterTicks: number): void {
  for (const { moof, at, ticks } of steps) moof.writeUInt32BE(ticks, at!);
  let startTicks = placed[0]!.track.startTicks + laterTicks;
  for (const { moof, track } of placed) {
    moof.writeBigInt64BE(BigInt(startTicks), track.startAt);
    startTicks += sum(steps.splice(0, track.samples.length).map(({ ticks }) => ticks));
  }
}

/** Each frame and how long it stands, up to the next one, which may be in the next fragment. */
function stepsOf(placed: readonly Placed[]): Step[] {
  return placed.flatMap(({ moof, track: { samples, startTicks, defaultDurationAt, track } }, index) => {
    const next = placed[index + 1]?.track.startTicks;
    const endTicks = startTicks + sum(samples.map(({ durationTicks }) => durationTicks));
    return samples.map(({ durationAt, durationTicks }, frame) => {
      const ticks = durationTicks + (frame === samples.length - 1 ? (next ?? endTicks) - endTicks : 0);
      return { moof, at: durationAt ?? defaultDurationAt, ticks, isCrammed: isCrammed(ticks, track.timescale) };
    });
  });
}

export function isGiant({ durationTicks, compositionTicks }: Sample, usual: Usual, timescale: number): boolean {
  const beyondTicks = (JUMP_MS / 1_000) * timescale;
  return durationTicks - usual.stepTicks > beyondTicks || compositionTicks - usual.compositionTicks > beyondTicks;
}

export function isCrammed(durationTicks: number, timescale: number): boolean {
  return durationTicks < timescale * CRAMMED_SEC;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
