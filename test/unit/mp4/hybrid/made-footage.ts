import { buildBox, buildFullBox, uint32 } from '../../../../src/mp4/box-writer.js';
import { Movie } from '../../../../src/mp4/hybrid/movie.js';
import type { ObjectPlan } from '../../../../src/mp4/hybrid/object-layout.js';
import { readFixture } from '../../../support/footage.js';

export const VIDEO = 1;
export const AUDIO = 2;
/** Of the fixture's tracks. */
export const VIDEO_TICKS_PER_SEC = 10_240;
export const AUDIO_TICKS_PER_SEC = 8_000;

export interface MadeSample {
  durationTicks: number;
  compositionTicks?: number;
  bytes: Buffer;
  isSync?: boolean;
}

export interface MadeRun {
  trackId: number;
  startTicks: number;
  samples: readonly MadeSample[];
}

export interface MadeFragment {
  moof: Buffer;
  /** moof and mdat. */
  bytes: Buffer;
  runs: readonly MadeRun[];
}

/** As FFmpeg writes times from before 0. */
function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

const SYNC = 0x0200_0000;
const NON_SYNC = 0x0101_0000;

/** A fragment with one run of samples for each track, their bytes one behind the other. */
export function makeFragment(...runs: readonly MadeRun[]): MadeFragment {
  const build = (moofBytes: number) => {
    let dataAt = moofBytes + 8;
    const trafs = runs.map(({ trackId, startTicks, samples }) => {
      const rows = samples.map(({ durationTicks, compositionTicks = 0, bytes, isSync = true }) =>
        uint32(durationTicks, bytes.length, isSync ? SYNC : NON_SYNC, compositionTicks >>> 0),
      );
      const tfhd = buildFullBox('tfhd', 0, 0x02_0000, uint32(trackId));
      const tfdt = buildFullBox('tfdt', 1, 0, int64(startTicks));
      const trun = buildFullBox('trun', 1, 0xf01, uint32(samples.length, dataAt), ...rows);
      dataAt += samples.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return buildBox('traf', tfhd, tfdt, trun);
    });
    return buildBox('moof', buildFullBox('mfhd', 0, 0, uint32(1)), ...trafs);
  };
  const moof = build(build(0).length);
  const mdat = buildBox('mdat', ...runs.flatMap(({ samples }) => samples.map(({ bytes }) => bytes)));
  return { moof, bytes: Buffer.concat([moof, mdat]), runs };
}

/** H.264 and AAC-LC of 8 kHz, one channel, as `tracks` of the fixture say. */
export function makeMovie(fragments: readonly MadeFragment[]): Movie {
  const movie = new Movie(readFixture('h264-aac').init);
  for (const { moof, bytes } of fragments) movie.add({ moof, sizeBytes: bytes.length });
  return movie;
}

/** The object as the store would hold it. */
export function putTogether(plan: ObjectPlan, fragments: readonly MadeFragment[], stream: Buffer): Buffer {
  return Buffer.concat(
    plan.pieces.map((piece) => {
      if (piece.kind === 'bytes') return piece.bytes;
      if (piece.kind === 'sent') return stream.subarray(0, piece.sizeBytes);
      return fragments[piece.index]!.bytes.subarray(piece.from, piece.to);
    }),
  );
}
