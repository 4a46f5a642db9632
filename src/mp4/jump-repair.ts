import { isOdd, STANDS } from './odd-times.js';
import type { TrackFragment } from './track-fragment.js';
import { isCrammed, type Usual } from './usual-times.js';

const MAX_TICKS = 0xffff_ffff;

/**
 * Gives the frames of a fragment in which times jump their usual length, in place.
 * @returns how long the track's part is now, in ticks
 */
export function mendTrack(moof: Buffer, { samples, track, defaultDurationAt }: TrackFragment, usual: Usual): number {
  let lengthTicks = 0;
  for (const sample of samples) {
    const at = sample.durationAt ?? defaultDurationAt;
    const isMended = at !== null && isOdd(sample, usual, track.timescale);
    if (isMended) moof.writeUInt32BE(usual.stepTicks, at);
    lengthTicks += isMended ? usual.stepTicks : sample.durationTicks;
  }
  return lengthTicks;
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

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
