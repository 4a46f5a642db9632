import { BitReader } from './bit-reader.js';

export interface PictureSize {
  width: number;
  height: number;
}

/** Profiles whose SPS describes the chroma format (ITU-T H.264, 7.3.2.1.1). */
const CHROMA_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);
const MAX_SIDE = 16_384;

/** The picture size in an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1), or undefined when it makes no sense. */
export function parseH264Size(sps: Uint8Array): PictureSize | undefined {
  if (((sps[0] ?? 0) & 0x1f) !== 7) return undefined;
  const reader = new BitReader(sps.subarray(1));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.ue();
  const chroma = CHROMA_PROFILES.has(profile) ? readChroma(reader) : 1;
  reader.ue();
  skipPictureOrder(reader);
  reader.ue();
  reader.skip(1);
  const widthMbs = reader.ue() + 1;
  const mapUnits = reader.ue() + 1;
  const frameOnly = reader.flag();
  if (!frameOnly) reader.skip(1);
  reader.skip(1);
  const fields = frameOnly ? 1 : 2;
  const [left, right, top, bottom] = readCrop(reader);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * fields;
  return sane(widthMbs * 16 - (left + right) * unitX, mapUnits * 16 * fields - (top + bottom) * unitY);
}

/** The picture size in an H.265 sequence parameter set (ITU-T H.265, 7.3.2.2.1), or undefined when it makes no sense. */
export function parseH265Size(sps: Uint8Array): PictureSize | undefined {
  if ((((sps[0] ?? 0) >> 1) & 0x3f) !== 33) return undefined;
  const reader = new BitReader(sps.subarray(2));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  skipProfileTierLevel(reader, subLayers);
  reader.ue();
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  const width = reader.ue();
  const height = reader.ue();
  const [left, right, top, bottom] = readCrop(reader);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  return sane(width - (left + right) * unitX, height - (top + bottom) * unitY);
}

function readChroma(reader: BitReader): number {
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  reader.ue();
  reader.ue();
  reader.skip(1);
  if (reader.flag()) {
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
    }
  }
  return chroma;
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + reader.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.ue();
  if (type === 0) reader.ue();
  if (type !== 1) return;
  reader.skip(1);
  reader.se();
  reader.se();
  const cycle = Math.min(reader.ue(), 255);
  for (let i = 0; i < cycle; i++) reader.se();
}

function skipProfileTierLevel(reader: BitReader, subLayers: number): void {
  reader.skip(96);
  const present = Array.from({ length: subLayers }, () => ({ profile: reader.flag(), level: reader.flag() }));
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
}

function readCrop(reader: BitReader): [number, number, number, number] {
  return reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
}

function sane(width: number, height: number): PictureSize | undefined {
  const fits = (side: number) => side > 0 && side <= MAX_SIDE;
  return fits(width) && fits(height) ? { width, height } : undefined;
}
