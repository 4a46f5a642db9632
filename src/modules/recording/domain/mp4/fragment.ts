import { type Box, findBox, findBoxes, Mp4Error, readBoxes } from './boxes.js';
import type { InitSegment, Track } from './init-segment.js';

/** What one `moof` says of its video. */
export interface FragmentTiming {
  /** Decode time of the first video sample, from the start of the capture. */
  startMs: number;
  /** Sum of the video samples' durations. */
  durationMs: number;
  /** Video samples. */
  frames: number;
  /** The first video sample can be decoded alone. */
  isSync: boolean;
}

/** Bit of `sample_flags` that says: not a sync sample (14496-12, 8.8.3.1). */
const NON_SYNC = 0x0001_0000;

const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, cts: 0x800 } as const;

/**
 * The timing of a fragment's video, or null when it holds no video sample (audio alone at the end of a capture).
 * @throws Mp4Error on boxes that are cut off
 */
export function readFragmentTiming(moof: Buffer, init: InitSegment): FragmentTiming | null {
  for (const traf of trafs(moof)) {
    const tfhd = required(moof, traf, 'tfhd');
    if (moof.readUInt32BE(tfhd.bodyStart + 4) === init.video.trackId) return videoTiming(moof, traf, tfhd, init.video);
  }
  return null;
}

/**
 * Shifts every track of a `moof` by the same time, in place, so that fragments of several captures stand on one timeline.
 * @param shiftMs may be negative
 * @throws Mp4Error when a decode time would become negative or is not 64 bits wide
 */
export function shiftFragment(moof: Buffer, init: InitSegment, shiftMs: number): void {
  for (const traf of trafs(moof)) {
    const trackId = moof.readUInt32BE(required(moof, traf, 'tfhd').bodyStart + 4);
    const track = init.tracks.find((candidate) => candidate.trackId === trackId);
    if (!track) throw new Mp4Error(`a fragment speaks of the unknown track ${trackId}`);
    const tfdt = required(moof, traf, 'tfdt');
    if (moof[tfdt.bodyStart] !== 1) throw new Mp4Error('a tfdt of 32 bits cannot be shifted in place');
    const shifted = moof.readBigUInt64BE(tfdt.bodyStart + 4) + BigInt(Math.round((shiftMs * track.timescale) / 1_000));
    moof.writeBigUInt64BE(shifted < 0n ? 0n : shifted, tfdt.bodyStart + 4);
  }
}

/** Numbers the fragments of a new file 1, 2, 3 … (`mfhd`, 14496-12, 8.8.5). */
export function numberFragment(moof: Buffer, sequenceNumber: number): void {
  const mfhd = findBox(moof, ['moof', 'mfhd']);
  if (!mfhd) throw new Mp4Error('no mfhd in a moof');
  moof.writeUInt32BE(sequenceNumber >>> 0, mfhd.bodyStart + 4);
}

function trafs(moof: Buffer): Box[] {
  const [box] = readBoxes(moof);
  if (!box || box.type !== 'moof') throw new Mp4Error('not a moof');
  return findBoxes(moof, 'traf', box);
}

function videoTiming(moof: Buffer, traf: Box, tfhd: Box, track: Track): FragmentTiming | null {
  const tfdt = required(moof, traf, 'tfdt');
  const startTicks =
    moof[tfdt.bodyStart] === 1
      ? Number(moof.readBigUInt64BE(tfdt.bodyStart + 4))
      : moof.readUInt32BE(tfdt.bodyStart + 4);
  const defaults = readTfhd(moof, tfhd, track);
  let ticks = 0;
  let frames = 0;
  let firstFlags: number | undefined;
  for (const trun of findBoxes(moof, 'trun', traf)) {
    const run = readTrun(moof, trun, defaults);
    ticks += run.ticks;
    frames += run.frames;
    firstFlags ??= run.firstFlags;
  }
  if (frames === 0) return null;
  return {
    startMs: (startTicks * 1_000) / track.timescale,
    durationMs: (ticks * 1_000) / track.timescale,
    frames,
    isSync: ((firstFlags ?? 0) & NON_SYNC) === 0,
  };
}

interface SampleDefaults {
  duration: number;
  flags: number;
}

function readTfhd(moof: Buffer, tfhd: Box, track: Track): SampleDefaults {
  const present = moof.readUIntBE(tfhd.bodyStart + 1, 3);
  let at = tfhd.bodyStart + 8;
  if (present & TFHD.baseDataOffset) at += 8;
  if (present & TFHD.descriptionIndex) at += 4;
  const duration = present & TFHD.duration ? moof.readUInt32BE(at) : track.defaultSampleDuration;
  if (present & TFHD.duration) at += 4;
  if (present & TFHD.size) at += 4;
  const flags = present & TFHD.flags ? moof.readUInt32BE(at) : track.defaultSampleFlags;
  return { duration, flags };
}

function readTrun(
  moof: Buffer,
  trun: Box,
  defaults: SampleDefaults,
): { ticks: number; frames: number; firstFlags: number | undefined } {
  const present = moof.readUIntBE(trun.bodyStart + 1, 3);
  const frames = moof.readUInt32BE(trun.bodyStart + 4);
  let at = trun.bodyStart + 8;
  if (present & TRUN.dataOffset) at += 4;
  let firstFlags: number | undefined;
  if (present & TRUN.firstFlags) {
    firstFlags = moof.readUInt32BE(at);
    at += 4;
  }
  let ticks = 0;
  for (let sample = 0; sample < frames; sample += 1) {
    if (present & TRUN.duration) {
      ticks += moof.readUInt32BE(at);
      at += 4;
    } else ticks += defaults.duration;
    if (present & TRUN.size) at += 4;
    if (present & TRUN.flags) {
      if (sample === 0) firstFlags ??= moof.readUInt32BE(at);
      at += 4;
    }
    if (present & TRUN.cts) at += 4;
  }
  return { ticks, frames, firstFlags: firstFlags ?? (frames > 0 ? defaults.flags : undefined) };
}

function required(bytes: Buffer, parent: Box, type: string): Box {
  const [box] = findBoxes(bytes, type, parent);
  if (!box) throw new Mp4Error(`no ${type} in a fragment`);
  return box;
}
