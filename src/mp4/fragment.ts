import { findBox, Mp4Error } from './boxes.js';
import type { InitSegment } from './init-segment.js';
import { compositionRange, isSyncSample, readTrackFragments, type TrackFragment } from './track-fragment.js';

/** What one `moof` says of its video. */
export interface FragmentTiming {
  /** Decode time of the first video sample, on the clock of the capture. */
  startMs: number;
  /** Sum of the video samples' durations. */
  durationMs: number;
  /** Video samples. */
  frames: number;
  /** The first video sample can be decoded alone. */
  isSync: boolean;
  /** Pictures that are shown for long. Only their neighbours tell whether the camera paused, or sends at a slow rate. */
  longStills?: readonly Still[];
  /**
   * Frames that are shown in the last `leanMs` of this fragment may need frames of the next one to be decoded. Absent when frames are shown
   * in the order in which they are decoded.
   */
  leanMs?: number;
}

/** A picture that is shown for long. Times are on the clock of the capture. */
export interface Still {
  startMs: number;
  durationMs: number;
}

/** Slower than five pictures a second. */
const LONG_STILL_MS = 200;
/** Cameras round their times, mostly to milliseconds. */
const STEP_TOLERANCE = 0.1;
/** Fewer steps do not tell the usual one. */
const MIN_STEPS = 4;

/**
 * The timing of a fragment's video, or null when it holds no video sample (audio alone at the end of a capture).
 * @throws Mp4Error on boxes that are cut off
 */
export function readFragmentTiming(moof: Buffer, init: InitSegment): FragmentTiming | null {
  const video = readTrackFragments(moof, init).find(({ track }) => track === init.video);
  if (!video || video.samples.length === 0) return null;
  const { timescale } = video.track;
  return {
    startMs: (video.startTicks * 1_000) / timescale,
    durationMs: (totalTicks(video) * 1_000) / timescale,
    frames: video.samples.length,
    isSync: isSyncSample(video.firstFlags),
    ...findLongStills(video),
    ...findLean(video),
  };
}

function findLean({ samples, track }: TrackFragment): Pick<FragmentTiming, 'leanMs'> {
  const { most, least } = compositionRange(samples);
  const leanTicks = most - least;
  return leanTicks > 0 ? { leanMs: (leanTicks * 1_000) / track.timescale } : {};
}

function findLongStills({ samples, startTicks, track }: TrackFragment): Pick<FragmentTiming, 'longStills'> {
  const longStills: Still[] = [];
  let atTicks = startTicks;
  for (const { durationTicks } of samples) {
    const durationMs = (durationTicks * 1_000) / track.timescale;
    if (durationMs > LONG_STILL_MS) longStills.push({ startMs: (atTicks * 1_000) / track.timescale, durationMs });
    atTicks += durationTicks;
  }
  return longStills.length > 0 ? { longStills } : {};
}

/**
 * The mean time from frame to frame in a fragment. Steps that FFmpeg guessed at the start, and pictures that are shown for long, are left
 * out. Null when too few steps are left.
 */
export function readUsualStepMs(moof: Buffer, init: InitSegment): number | null {
  const video = readTrackFragments(moof, init).find(({ track }) => track === init.video);
  const steps = video?.samples.map(({ durationTicks }) => durationTicks).sort((a, b) => a - b) ?? [];
  const middle = steps[steps.length >> 1] ?? 0;
  const usual = steps.filter((step) => Math.abs(step - middle) <= middle * STEP_TOLERANCE);
  if (usual.length < MIN_STEPS || middle === 0) return null;
  return (usual.reduce((sum, step) => sum + step, 0) * 1_000) / usual.length / video!.track.timescale;
}

/**
 * From the first decode time to the end of the last sample, over all tracks, in milliseconds; infinite when there is nothing.
 * @param isWanted leaves tracks out
 */
export function readFragmentExtent(
  moof: Buffer,
  init: InitSegment,
  isWanted: (fragment: TrackFragment) => boolean = () => true,
): { startMs: number; endMs: number } {
  const spans = readTrackFragments(moof, init)
    .filter((fragment) => fragment.samples.length > 0 && isWanted(fragment))
    .map((fragment) => {
      const startMs = (fragment.startTicks * 1_000) / fragment.track.timescale;
      return { startMs, endMs: startMs + (totalTicks(fragment) * 1_000) / fragment.track.timescale };
    });
  return {
    startMs: Math.min(...spans.map(({ startMs }) => startMs)),
    endMs: Math.max(...spans.map(({ endMs }) => endMs)),
  };
}

/**
 * Shifts every track of a `moof` by the same time, in place, so that fragments of several captures stand on one timeline.
 * @param shiftMs may be negative
 * @throws Mp4Error when a decode time would become negative: one track alone cannot be held back without losing its synchrony
 */
export function shiftFragment(moof: Buffer, init: InitSegment, shiftMs: number): void {
  for (const { track, startAt, startTicks } of readTrackFragments(moof, init)) {
    const shifted = startTicks + Math.round((shiftMs * track.timescale) / 1_000);
    if (shifted < 0) throw new Mp4Error(`a decode time of track ${track.trackId} would become negative`);
    moof.writeBigUInt64BE(BigInt(shifted), startAt);
  }
}

/** Numbers the fragments of a new file 1, 2, 3 … (`mfhd`, 14496-12, 8.8.5). */
export function numberFragment(moof: Buffer, sequenceNumber: number): void {
  const mfhd = findBox(moof, ['moof', 'mfhd']);
  if (!mfhd) throw new Mp4Error('no mfhd in a moof');
  moof.writeUInt32BE(sequenceNumber >>> 0, mfhd.bodyStart + 4);
}

function totalTicks({ samples }: TrackFragment): number {
  return samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
}
