import { buildBox, buildFullBox, uint32, uint64 } from './box-writer.js';
import type { InitSegment, Track } from './init-segment.js';
import { lengthBytes, placeNalUnits } from './bitstream/nal-units.js';
import { readTrackFragments } from './track-fragment.js';

/** Bytes of a fragment, counted from its start. */
export interface FramePlace {
  offset: number;
  sizeBytes: number;
}

/** Where the first picture of a fragment lies, or null when it has none or does not say. */
export function findFirstFrame(moof: Buffer, init: InitSegment): FramePlace | null {
  const video = readTrackFragments(moof, init).find(({ track }) => track === init.video);
  const run = video?.runs.find(({ samples }) => samples.length > 0);
  if (!run || run.dataOffset === null) return null;
  return { offset: run.dataOffset, sizeBytes: run.samples[0]!.sizeBytes };
}

/** `nal_unit_type` of H.264 (table 7-1): a picture that resets the decoder. */
const H264_IDR = 5;
/** `nal_unit_type` of H.265 (table 7-1): a key frame that counts on from the pictures before it, and one that does not; else they are written alike. */
const H265_CRA = 21;
const H265_BLA_N_LP = 18;

/**
 * A key frame such that others of the same stream can follow it at once, whatever lay between them: a decoder reckons the order of
 * pictures from one to the next, unless it begins anew. Null when it cannot be made so.
 */
export function isolateKeyFrame(frame: Buffer, { sampleEntry, decoderConfig }: Track): Buffer | null {
  switch (sampleEntry) {
    case 'avc1':
    case 'avc3': {
      const units = [...placeNalUnits(frame, lengthBytes(decoderConfig[4]))];
      return units.some(({ start }) => (frame[start]! & 0x1f) === H264_IDR) ? frame : null;
    }
    case 'hvc1':
    case 'hev1': {
      const alone = Buffer.from(frame);
      for (const { start: at } of placeNalUnits(frame, lengthBytes(decoderConfig[21]))) {
        if (((frame[at]! >> 1) & 0x3f) === H265_CRA) alone[at] = (frame[at]! & 0x81) | (H265_BLA_N_LP << 1);
      }
      return alone;
    }
    default:
      return frame;
  }
}

const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const DEFAULT_FLAGS = 0x20;
/** It depends on no other picture (14496-12, 8.8.3.1). */
const KEY_FRAME = 0x0200_0000;
const TRUN = { dataOffset: 0x1, duration: 0x100, size: 0x200 } as const;

/** A fragment of one picture that can be decoded alone: the one of second `index`, shown for a second. */
export function buildStill(frame: Buffer, index: number, { trackId, timescale }: Track): Buffer {
  const mfhd = buildFullBox('mfhd', 0, 0, uint32(index + 1));
  const tfhd = buildFullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | DEFAULT_FLAGS, uint32(trackId, KEY_FRAME));
  const tfdt = buildFullBox('tfdt', 1, 0, uint64(index * timescale));
  const flags = TRUN.dataOffset | TRUN.duration | TRUN.size;
  const trun = (dataOffset: number) => buildFullBox('trun', 0, flags, uint32(1, dataOffset, timescale, frame.length));
  const moof = (dataOffset: number) => buildBox('moof', mfhd, buildBox('traf', tfhd, tfdt, trun(dataOffset)));
  return Buffer.concat([moof(moof(0).length + 8), buildBox('mdat', frame)]);
}
