import type { InitSegment } from './init-segment.js';
import { readTrackFragments, type Sample, type TrackFragment } from './track-fragment.js';

/** No camera takes frames nearer to each other than this: FFmpeg had no time for them. */
const BURST_STEP_SEC = 0.001;
/** The guess is made for one of the very first frames; a burst further on is the camera's. */
const LAST_BURST_START = 3;
/** The guess spoils no step between pictures behind this one. */
const LAST_LATE_STEP = 8;
/** Fewer frames than this tell no rate. */
const MIN_EVEN_FRAMES = 4;
/** Frames behind the end of the decode order that a reordering encoder may have sent ahead. */
const MAX_REORDERED = 16;

/**
 * Repairs the times of a capture's first frames, in place. FFmpeg knows no times for the first RTP packets and guesses. If it guesses too
 * late, the next frames stand one tick apart: they are spread backwards, one usual step apart. If the guess is wrong in another way, the
 * first frame is put one usual step before the second. Only for the first fragment, since nothing before it can be overlapped.
 * @returns whether something was changed
 */
export function mendFirstFrames(moof: Buffer, init: InitSegment): boolean {
  const video = videoOf(moof, init);
  if (!video) return false;
  const mended = spreadBurst(moof, video) || moveFirst(moof, video);
  return evenOutShown(moof, videoOf(moof, init)!) || mended;
}

function spreadBurst(moof: Buffer, { samples, track, startTicks, startAt }: TrackFragment): boolean {
  const isCrammed = ({ durationTicks }: Sample) => durationTicks < track.timescale * BURST_STEP_SEC;
  const from = samples.findIndex(isCrammed);
  const to = samples.findIndex((sample, index) => index > from && !isCrammed(sample));
  const stepTicks = median(samples.slice(to + 1).map(({ durationTicks }) => durationTicks));
  if (from < 0 || from > LAST_BURST_START || to < 0 || stepTicks === 0) return false;
  const burst = samples.slice(from, to);
  let earlierTicks = burst.reduce((sum, { durationTicks }) => sum + stepTicks - durationTicks, 0);
  if (earlierTicks > startTicks || burst.some(({ durationAt }) => durationAt === null)) return false;
  moof.writeBigUInt64BE(BigInt(startTicks - earlierTicks), startAt);
  for (const sample of samples.slice(0, to)) {
    const { durationAt, durationTicks, compositionAt, compositionTicks } = sample;
    if (compositionAt !== null) moof.writeInt32BE(compositionTicks + earlierTicks, compositionAt);
    if (!burst.includes(sample)) continue;
    moof.writeUInt32BE(stepTicks, durationAt!);
    earlierTicks -= stepTicks - durationTicks;
  }
  return true;
}

/** A stream whose frames come at an even rate has no other step at its start. */
function moveFirst(moof: Buffer, { samples, startTicks, startAt }: TrackFragment): boolean {
  const [first, ...rest] = samples;
  const stepTicks = median(rest.map(({ durationTicks }) => durationTicks));
  const even = rest.every(({ durationTicks }) => Math.abs(durationTicks - stepTicks) <= stepTicks / 10);
  const inOrder = samples.every(({ compositionTicks }) => compositionTicks === first?.compositionTicks);
  if (!first || first.durationAt === null || !even || !inOrder || rest.length < MIN_EVEN_FRAMES) return false;
  const laterTicks = first.durationTicks - stepTicks;
  if (laterTicks === 0 || startTicks + laterTicks < 0) return false;
  moof.writeBigUInt64BE(BigInt(startTicks + laterTicks), startAt);
  moof.writeUInt32BE(stepTicks, first.durationAt);
  return true;
}

/**
 * With B-frames, a picture may not be shown before it is decoded, so FFmpeg has moved the first ones behind its late guess. They are put
 * back, one usual frame apart before the first one that is right; their order among each other was kept.
 */
function evenOutShown(moof: Buffer, { samples, startTicks, track }: TrackFragment): boolean {
  if (samples.every(({ compositionTicks }) => compositionTicks === samples[0]?.compositionTicks)) return false;
  let at = startTicks;
  const shown = samples
    .map(({ durationTicks, compositionTicks, compositionAt }) => {
      const decodedAt = at;
      at += durationTicks;
      return { decodedAt, shownAt: decodedAt + compositionTicks, compositionAt };
    })
    .sort((a, b) => a.shownAt - b.shownAt);
  const steps = shown.slice(1).map(({ shownAt }, index) => shownAt - shown[index]!.shownAt);
  const stepTicks = median(steps);
  // What the last frames lean on comes with the next fragment: the end has holes of its own.
  const even = steps.map((step) => Math.abs(step - stepTicks) <= track.timescale * BURST_STEP_SEC);
  const first = even.lastIndexOf(false, LAST_LATE_STEP) + 1;
  if (first === 0 || !even.slice(first, first + MIN_EVEN_FRAMES).every(Boolean)) return false;
  const moves = shown.slice(0, first).map((frame, index) => ({
    ...frame,
    shownAt: shown[first]!.shownAt - (first - index) * stepTicks,
  }));
  if (moves.some(({ shownAt, decodedAt, compositionAt }) => compositionAt === null || shownAt < decodedAt))
    return false;
  for (const { shownAt, decodedAt, compositionAt } of moves) moof.writeInt32BE(shownAt - decodedAt, compositionAt!);
  return true;
}

/**
 * Cuts, in place, frames from the end of the last fragment that were sent ahead of frames which never came (B-frames follow the picture that
 * they lean on): they would be shown behind a hole. The bytes stay in the `mdat`, unmentioned.
 * @param before the fragments before it, as many as hold the frames that it may lean on
 * @returns how many frames are left
 */
export function cutUnfinishedOrder(moof: Buffer, init: InitSegment, ...before: readonly (Buffer | null)[]): number {
  const video = videoOf(moof, init);
  if (!video) return 0;
  const { samples } = video;
  const earlier = before.flatMap((each) => (each && videoOf(each, init)) ?? []);
  const window = samples.concat(earlier.flatMap((each) => each.samples));
  if (window.every(({ compositionTicks }) => compositionTicks === window[0]?.compositionTicks)) return samples.length;
  const shown = earlier.flatMap(presentations);
  const stepTicks = median(window.map(({ durationTicks }) => durationTicks));
  for (let kept = samples.length; kept >= Math.max(0, samples.length - MAX_REORDERED); kept -= 1) {
    const decodeEndTicks = samples
      .slice(0, kept)
      .reduce((at, { durationTicks }) => at + durationTicks, video.startTicks);
    const all = shown.concat(presentations(video).slice(0, kept));
    if (hasHoleFrom(decodeEndTicks - stepTicks, all, stepTicks)) continue;
    keepFirst(moof, samples, kept);
    return kept;
  }
  return samples.length;
}

/** What has not come yet is shown after the end of the decode order: a hole before that is the camera's own. */
function hasHoleFrom(fromTicks: number, shownTicks: number[], stepTicks: number): boolean {
  const sorted = [...shownTicks].sort((a, b) => a - b);
  return sorted.some((at, index) => {
    const previous = sorted[index - 1];
    return previous !== undefined && previous + stepTicks >= fromTicks && at - previous > 1.5 * stepTicks;
  });
}

function presentations({ startTicks, samples }: TrackFragment): number[] {
  let at = startTicks;
  return samples.map(({ durationTicks, compositionTicks }) => (at += durationTicks) - durationTicks + compositionTicks);
}

/** Cuts, in place, all samples of a track behind the first `kept` ones; their bytes stay in the `mdat`, unmentioned. */
export function keepFirst(moof: Buffer, samples: readonly Sample[], kept: number): void {
  for (const { countAt } of samples.slice(kept)) moof.writeUInt32BE(moof.readUInt32BE(countAt) - 1, countAt);
}

function videoOf(moof: Buffer, init: InitSegment): TrackFragment | undefined {
  return readTrackFragments(moof, init).find(({ track, samples }) => track === init.video && samples.length > 0);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
