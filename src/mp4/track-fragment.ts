import { type Box, findBoxes, isOutOfRange, Mp4Error, readBoxes } from './boxes.js';
import type { InitSegment, Track } from './init-segment.js';

/** One sample of a `trun`; times in ticks of its track. */
export interface Sample {
  durationTicks: number;
  /** Presentation less decode time. */
  compositionTicks: number;
  sizeBytes: number;
  /** `sample_flags` (14496-12, 8.8.3.1). */
  flags: number;
  /** Offsets of both in the `moof`, null when they are defaults and cannot be changed in place. */
  durationAt: number | null;
  compositionAt: number | null;
  /** Offset of the `sample_count` of its `trun`. */
  countAt: number;
}

/** Samples that lie one behind the other (`trun`). */
export interface SampleRun {
  /** Where the first of them lies, seen from the start of the `moof`; null when its header counts from the start of a file that is not known. */
  dataOffset: number | null;
  samples: Sample[];
}

/** The samples of one track in a fragment (`traf`). */
export interface TrackFragment {
  track: Track;
  /** Decode time of the first sample. FFmpeg writes those from before 0 as two's complement, though the box knows none (movenc.c, `mov_write_tfdt_tag`). */
  startTicks: number;
  /** Offset of the 64-bit decode time in the `moof`. */
  startAt: number;
  /** All samples, and the runs that they come in. */
  samples: Sample[];
  runs: SampleRun[];
  /** Flags of the first sample. */
  firstFlags: number;
  /** Offset in the `moof` of the duration that holds for samples without one of their own; null when it is not in the fragment. */
  defaultDurationAt: number | null;
}

/** Bit of `sample_flags` that says: not a sync sample. */
const NON_SYNC = 0x0001_0000;

export function isSyncSample(flags: number): boolean {
  return (flags & NON_SYNC) === 0;
}

/**
 * No fragment has more samples: sound of 96 kHz has 94 frames a second, and FFmpeg cuts a fragment every second or at a key frame. A run may
 * have samples that take no byte of it, so its size alone bounds nothing: a bit that is wrong makes thousands of millions of them.
 */
export const MAX_FRAGMENT_SAMPLES = 100_000;

/** Of the composition offsets of samples. By hand: arguments of a call have a limit that a fragment may exceed. */
export function compositionRange(samples: readonly Sample[]): { least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (const { compositionTicks } of samples) {
    least = Math.min(least, compositionTicks);
    most = Math.max(most, compositionTicks);
  }
  return { least, most };
}

const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, cts: 0x800 } as const;

/**
 * Reads the tables of a `moof` (14496-12, 8.8.4 to 8.8.12).
 * @throws Mp4Error on boxes that are cut off, on more samples than a fragment has, on unknown tracks, and on decode times of 32 bits, which could not be shifted in place
 */
export function readTrackFragments(moof: Buffer, init: Pick<InitSegment, 'tracks'>): TrackFragment[] {
  try {
    const [box] = readBoxes(moof);
    if (box?.type !== 'moof') throw new Mp4Error('not a moof');
    let previousEnd: number | null = 0;
    const budget = { samples: MAX_FRAGMENT_SAMPLES };
    return findBoxes(moof, 'traf', box).map((traf) => {
      const fragment = readTraf(moof, traf, { init, previousEnd, budget });
      previousEnd = endOf(fragment.runs) ?? previousEnd;
      return fragment;
    });
  } catch (error) {
    if (isOutOfRange(error)) throw new Mp4Error('a table in a fragment is cut off');
    throw error;
  }
}

/** What a whole fragment may still have. */
interface Budget {
  samples: number;
}

function readTraf(
  moof: Buffer,
  traf: Box,
  { init, previousEnd, budget }: { init: Pick<InitSegment, 'tracks'>; previousEnd: number | null; budget: Budget },
): TrackFragment {
  const tfhd = required(moof, traf, 'tfhd');
  const tfdt = required(moof, traf, 'tfdt');
  const trackId = moof.readUInt32BE(tfhd.bodyStart + 4);
  const track = init.tracks.find((candidate) => candidate.trackId === trackId);
  if (!track) throw new Mp4Error(`a fragment speaks of the unknown track ${trackId}`);
  if (moof[tfdt.bodyStart] !== 1) throw new Mp4Error('a tfdt of 32 bits cannot be shifted in place');
  const defaults = readDefaults(moof, tfhd, track);
  const baseOffset = defaults.base === 'previous' ? previousEnd : defaults.base === 'moof' ? 0 : null;
  const runs: SampleRun[] = [];
  for (const trun of findBoxes(moof, 'trun', traf)) {
    runs.push(readTrun(moof, trun, { defaults, baseOffset, previousEnd: endOf(runs) ?? baseOffset, budget }));
  }
  const samples = runs.length === 1 ? runs[0]!.samples : runs.flatMap((run) => run.samples);
  return {
    ...{ track, samples, runs },
    startAt: tfdt.bodyStart + 4,
    startTicks: Number(moof.readBigInt64BE(tfdt.bodyStart + 4)),
    firstFlags: samples[0]?.flags ?? defaults.flags,
    defaultDurationAt: defaults.durationAt,
  };
}

/** Where the bytes of a run end, seen from the start of the `moof`. */
function endOf(runs: readonly SampleRun[]): number | null {
  const last = runs.at(-1);
  if (!last || last.dataOffset === null) return null;
  return last.samples.reduce((at, { sizeBytes }) => at + sizeBytes, last.dataOffset);
}

interface SampleDefaults {
  /** What data offsets count from. Without a word it is the end of the track before (14496-12, 8.8.7.1). */
  base: 'moof' | 'previous' | 'file';
  durationTicks: number;
  durationAt: number | null;
  sizeBytes: number;
  flags: number;
}

function readDefaults(moof: Buffer, tfhd: Box, track: Track): SampleDefaults {
  const present = moof.readUIntBE(tfhd.bodyStart + 1, 3);
  let at = tfhd.bodyStart + 8;
  const take = (bytes: number) => (at += bytes) - bytes;
  if (present & TFHD.baseDataOffset) take(8);
  if (present & TFHD.descriptionIndex) take(4);
  const durationAt = present & TFHD.duration ? take(4) : null;
  const durationTicks = durationAt === null ? track.defaultSampleDuration : moof.readUInt32BE(durationAt);
  const sizeBytes = present & TFHD.size ? moof.readUInt32BE(take(4)) : track.defaultSampleSize;
  const flags = present & TFHD.flags ? moof.readUInt32BE(take(4)) : track.defaultSampleFlags;
  const isFromMoof = (present & DEFAULT_BASE_IS_MOOF) !== 0;
  const base = present & TFHD.baseDataOffset ? 'file' : isFromMoof ? 'moof' : 'previous';
  return { base, durationTicks, durationAt, sizeBytes, flags };
}

interface RunContext {
  defaults: SampleDefaults;
  baseOffset: number | null;
  /** A run without an offset of its own follows the one before. */
  previousEnd: number | null;
  budget: Budget;
}

function readTrun(moof: Buffer, trun: Box, { defaults, baseOffset, previousEnd, budget }: RunContext): SampleRun {
  const present = moof.readUIntBE(trun.bodyStart + 1, 3);
  const countAt = trun.bodyStart + 4;
  const count = moof.readUInt32BE(countAt);
  budget.samples -= count;
  if (budget.samples < 0) throw new Mp4Error(`a fragment of more than ${MAX_FRAGMENT_SAMPLES} samples`);
  let at = trun.bodyStart + 8;
  const take = () => (at += 4) - 4;
  const ownOffset = present & TRUN.dataOffset ? moof.readInt32BE(take()) : null;
  const firstFlags = present & TRUN.firstFlags ? moof.readUInt32BE(take()) : defaults.flags;
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const durationAt = present & TRUN.duration ? take() : null;
    const sizeAt = present & TRUN.size ? take() : null;
    const flagsAt = present & TRUN.flags ? take() : null;
    const compositionAt = present & TRUN.cts ? take() : null;
    if (at > trun.end) throw new Mp4Error('a trun has more samples than bytes');
    const usualFlags = index === 0 ? firstFlags : defaults.flags;
    samples.push({
      durationTicks: durationAt === null ? defaults.durationTicks : moof.readUInt32BE(durationAt),
      compositionTicks: compositionAt === null ? 0 : moof.readInt32BE(compositionAt),
      sizeBytes: sizeAt === null ? defaults.sizeBytes : moof.readUInt32BE(sizeAt),
      flags: flagsAt === null ? usualFlags : moof.readUInt32BE(flagsAt),
      durationAt,
      compositionAt,
      countAt,
    });
  }
  const dataOffset = ownOffset === null ? previousEnd : baseOffset === null ? null : baseOffset + ownOffset;
  return { dataOffset, samples };
}

function required(bytes: Buffer, parent: Box, type: string): Box {
  const [box] = findBoxes(bytes, type, parent);
  if (!box) throw new Mp4Error(`no ${type} in a fragment`);
  return box;
}
