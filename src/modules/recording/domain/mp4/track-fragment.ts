import { type Box, findBoxes, Mp4Error, readBoxes } from './boxes.js';
import type { InitSegment, Track } from './init-segment.js';

/** One sample of a `trun`; times in ticks of its track. */
export interface Sample {
  durationTicks: number;
  /** Presentation less decode time. */
  compositionTicks: number;
  /** Offsets of both in the `moof`, null when they are defaults and cannot be changed in place. */
  durationAt: number | null;
  compositionAt: number | null;
  /** Offset of the `sample_count` of its `trun`. */
  countAt: number;
}

/** The samples of one track in a fragment (`traf`). */
export interface TrackFragment {
  track: Track;
  /** Decode time of the first sample. */
  startTicks: number;
  /** Offset of the 64-bit decode time in the `moof`. */
  startAt: number;
  samples: Sample[];
  /** Flags of the first sample. */
  firstFlags: number;
  /** Offset in the `moof` of the duration that holds for samples without one of their own; null when it is not in the fragment. */
  defaultDurationAt: number | null;
}

const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, cts: 0x800 } as const;

/**
 * Reads the tables of a `moof` (14496-12, 8.8.4 to 8.8.12).
 * @throws Mp4Error on boxes that are cut off, on unknown tracks, and on decode times of 32 bits, which could not be shifted in place
 */
export function readTrackFragments(moof: Buffer, init: InitSegment): TrackFragment[] {
  try {
    const [box] = readBoxes(moof);
    if (box?.type !== 'moof') throw new Mp4Error('not a moof');
    return findBoxes(moof, 'traf', box).map((traf) => readTraf(moof, traf, init));
  } catch (error) {
    if (error instanceof RangeError) throw new Mp4Error('a table in a fragment is cut off');
    throw error;
  }
}

function readTraf(moof: Buffer, traf: Box, init: InitSegment): TrackFragment {
  const tfhd = required(moof, traf, 'tfhd');
  const tfdt = required(moof, traf, 'tfdt');
  const trackId = moof.readUInt32BE(tfhd.bodyStart + 4);
  const track = init.tracks.find((candidate) => candidate.trackId === trackId);
  if (!track) throw new Mp4Error(`a fragment speaks of the unknown track ${trackId}`);
  if (moof[tfdt.bodyStart] !== 1) throw new Mp4Error('a tfdt of 32 bits cannot be shifted in place');
  const defaults = readDefaults(moof, tfhd, track);
  const runs = findBoxes(moof, 'trun', traf).map((trun) => readTrun(moof, trun, defaults));
  return {
    track,
    startAt: tfdt.bodyStart + 4,
    startTicks: Number(moof.readBigUInt64BE(tfdt.bodyStart + 4)),
    samples: runs.flatMap(({ samples }) => samples),
    firstFlags: runs.find(({ samples }) => samples.length > 0)?.firstFlags ?? defaults.flags,
    defaultDurationAt: defaults.durationAt,
  };
}

interface SampleDefaults {
  durationTicks: number;
  durationAt: number | null;
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
  if (present & TFHD.size) take(4);
  const flags = present & TFHD.flags ? moof.readUInt32BE(take(4)) : track.defaultSampleFlags;
  return { durationTicks, durationAt, flags };
}

function readTrun(moof: Buffer, trun: Box, defaults: SampleDefaults): { samples: Sample[]; firstFlags: number } {
  const present = moof.readUIntBE(trun.bodyStart + 1, 3);
  const countAt = trun.bodyStart + 4;
  const count = moof.readUInt32BE(countAt);
  let at = trun.bodyStart + 8;
  const take = () => (at += 4) - 4;
  if (present & TRUN.dataOffset) take();
  let firstFlags = present & TRUN.firstFlags ? moof.readUInt32BE(take()) : null;
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const durationAt = present & TRUN.duration ? take() : null;
    if (present & TRUN.size) take();
    const flagsAt = present & TRUN.flags ? take() : null;
    const compositionAt = present & TRUN.cts ? take() : null;
    if (at > trun.end) throw new Mp4Error('a trun has more samples than bytes');
    if (flagsAt !== null) firstFlags ??= moof.readUInt32BE(flagsAt);
    samples.push({
      durationTicks: durationAt === null ? defaults.durationTicks : moof.readUInt32BE(durationAt),
      compositionTicks: compositionAt === null ? 0 : moof.readInt32BE(compositionAt),
      ...{ durationAt, compositionAt, countAt },
    });
  }
  return { samples, firstFlags: firstFlags ?? defaults.flags };
}

function required(bytes: Buffer, parent: Box, type: string): Box {
  const [box] = findBoxes(bytes, type, parent);
  if (!box) throw new Mp4Error(`no ${type} in a fragment`);
  return box;
}
