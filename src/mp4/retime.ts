import { median } from './fragment-repair.js';
import type { TrackFragment } from './track-fragment.js';
import { isCrammed } from './usual-times.js';

/** Where the frames of a track in a fragment are to stand, in milliseconds on the clock of the capture. */
export interface TrackPlace {
  startMs: number;
  endMs: number;
  /** Whether they follow each other evenly, or as their own times have it, only faster or slower. */
  isEven: boolean;
}

const MAX_TICKS = 0xffff_ffff;

/**
 * Stretches the times of one track of a `moof`, in place: decode times, durations, and how much later frames are shown.
 * Nothing is changed when the fragment says no durations that could be written over, or the place is before time 0.
 */
export function retimeTrack(moof: Buffer, fragment: TrackFragment, { startMs, endMs, isEven }: TrackPlace): void {
  const { samples, track, startAt, defaultDurationAt } = fragment;
  const ticks = (ms: number) => Math.round((ms * track.timescale) / 1_000);
  const ownTicks = samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
  const [startTicks, lengthTicks] = [ticks(startMs), Math.max(0, ticks(endMs) - ticks(startMs))];
  const places = samples.map(({ durationAt }) => durationAt ?? defaultDurationAt);
  if (startTicks < 0 || lengthTicks > MAX_TICKS || places.some((at) => at === null)) return;
  const isByCount = isEven || ownTicks === 0;
  const usualTicks = isByCount ? median(samples.map(({ durationTicks }) => durationTicks)) * samples.length : ownTicks;
  // Where no frame has a time of its own, nothing tells how much later it is shown either.
  const shown = isCrammed(usualTicks / samples.length, track.timescale) ? 1 : lengthTicks / usualTicks;
  moof.writeBigUInt64BE(BigInt(startTicks), startAt);
  let [own, index, written] = [0, 0, 0];
  for (const { durationTicks, compositionTicks, compositionAt } of samples) {
    own += durationTicks;
    index += 1;
    const endTicks = Math.round(lengthTicks * (isByCount ? index / samples.length : own / ownTicks));
    moof.writeUInt32BE(endTicks - written, places[index - 1]!);
    written = endTicks;
    if (compositionAt !== null) moof.writeInt32BE(Math.round(compositionTicks * shown), compositionAt);
  }
}
