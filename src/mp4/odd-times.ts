import type { Sample, TrackFragment } from './track-fragment.js';
import { isCrammed, type Usual } from './usual-times.js';

/**
 * Media times that move by more than this without the time to do so have jumped. Smaller ones are a camera that corrects its clock;
 * larger ones would be felt as wrong footage times.
 */
export const JUMP_MS = 500;
/** A frame that is shown for so many usual steps stands. */
export const STANDS = 1.5;
/** A camera that slows down sends a picture every second, seldom every two. A picture that is shown for longer does not begin a slower rate. */
const SLOWEST_STEP_MS = 2_500;
/** Two pictures in a row are of one rate when the longer is shown for no more than this many times as long as the other. */
const ALIKE = 1.5;

/** How the times of one track in one fragment differ from its usual ones. */
export interface Oddity {
  forwardMs: number;
  backMs: number;
  /** How much longer than usual frames are shown that make up for crammed ones. */
  stoodMs: number;
  /** End of what is shown. */
  endMs: number;
}

/**
 * Measures by how much the times of a fragment go forward and back.
 * @param lastTicks how long the frame in front of the fragment stands
 */
export function measureOddity({ samples, startTicks, track }: TrackFragment, usual: Usual, lastTicks: number): Oddity {
  const ms = (ticks: number) => (ticks * 1_000) / track.timescale;
  let [atTicks, endTicks, forwardMs, backMs, stoodMs] = [startTicks, 0, 0, 0, 0];
  let beforeTicks = lastTicks;
  for (const sample of samples) {
    const { durationTicks, compositionTicks } = sample;
    const isOfRate = areAlike(beforeTicks, durationTicks) && compositionTicks <= usual.compositionTicks;
    beforeTicks = durationTicks;
    if (isOfRate && isGiant(sample, usual, track.timescale)) stoodMs += ms(durationTicks - usual.stepTicks);
    else if (isGiant(sample, usual, track.timescale)) {
      forwardMs += ms(Math.max(durationTicks - usual.stepTicks, compositionTicks - usual.compositionTicks));
    } else if (isCrammed(durationTicks, track.timescale)) backMs += ms(usual.stepTicks - durationTicks);
    else if (durationTicks > usual.stepTicks * STANDS) stoodMs += ms(durationTicks - usual.stepTicks);
    endTicks = Math.max(endTicks, atTicks + Math.max(durationTicks, compositionTicks));
    atTicks += durationTicks;
  }
  return { forwardMs, backMs, stoodMs, endMs: ms(endTicks) };
}

/** Whether FFmpeg has given a frame no time, or as much as only a jump takes. */
export function isOdd(sample: Sample, usual: Usual, timescale: number): boolean {
  return isGiant(sample, usual, timescale) || isCrammed(sample.durationTicks, timescale);
}

/** Whether all that is not usual about a fragment is that its last picture stands, for as long as pictures of a slow rate do. */
export function mayBeRate({ samples, track }: TrackFragment, { stepTicks }: Usual, forwardMs: number): boolean {
  const standsMs = ((samples.at(-1)!.durationTicks - stepTicks) * 1_000) / track.timescale;
  return standsMs < SLOWEST_STEP_MS && Math.abs(standsMs - forwardMs) < 1;
}

/** Whether two pictures in a row may be of one rate. */
export function areAlike(one: number, other: number): boolean {
  return Math.max(one, other) <= Math.min(one, other) * ALIKE;
}

function isGiant({ durationTicks, compositionTicks }: Sample, usual: Usual, timescale: number): boolean {
  const beyondTicks = (JUMP_MS / 1_000) * timescale;
  return durationTicks - usual.stepTicks > beyondTicks || compositionTicks - usual.compositionTicks > beyondTicks;
}
