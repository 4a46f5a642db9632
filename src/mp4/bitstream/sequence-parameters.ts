import { BitReader } from './bit-reader.js';

export interface PictureSize {
  width: number;
  height: number;
}

/** Profiles whose SPS describes the chroma format (ITU-T H.264, 7.3.2.1.1). */
const CHROMA_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);
const MAX_SIDE = 16_384;

/** What a sequence parameter set says of the pictures that refer to it. */
export interface SequenceParameters extends PictureSize {
  id: number;
  /** `chroma_format_idc`: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  chroma: number;
  lumaBits: number;
  chromaBits: number;
  /**
   * Equal for two sets that configure a decoder alike: profile, level, size, and what it takes to read the pictures. Without the number of
   * the set and without what helps to show them (VUI: frame rate, bit rate, colours), which a camera changes while it runs.
   */
  configuration: string;
}

/** An H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1), or undefined when it makes no sense. */
export function parseH264Sequence(sps: Uint8Array): SequenceParameters | undefined {
  if (((sps[0] ?? 0) & 0x1f) !== 7) return undefined;
  const reader = new BitReader(sps.subarray(1));
  const profile = reader.bits(8);
  reader.skip(16);
  const beforeId = reader.position;
  const id = reader.ue();
  const afterId = reader.position;
  const hasChroma = CHROMA_PROFILES.has(profile);
  const { chroma, ...depths } = hasChroma ? readChroma(reader) : { chroma: 1, lumaBits: 8, chromaBits: 8 };
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
  const size = sane(widthMbs * 16 - (left + right) * unitX, mapUnits * 16 * fields - (top + bottom) * unitY);
  const configuration = `${reader.text(0, beforeId)} ${reader.text(afterId, reader.position)}`;
  return size && { ...size, id, chroma, ...depths, configuration };
}

/** The picture size in an H.264 sequence parameter set, or undefined when it makes no sense. */
export function parseH264Size(sps: Uint8Array): PictureSize | undefined {
  return sizeOf(parseH264Sequence(sps));
}

/** An H.265 sequence parameter set (ITU-T H.265, 7.3.2.2.1), or undefined when it makes no sense. */
export function parseH265Sequence(sps: Uint8Array): SequenceParameters | undefined {
  if ((((sps[0] ?? 0) >> 1) & 0x3f) !== 33) return undefined;
  const reader = new BitReader(sps.subarray(2));
  reader.skip(4);
  const begin = reader.position;
  const subLayers = reader.bits(3);
  reader.skip(1);
  skipProfileTierLevel(reader, subLayers);
  const beforeId = reader.position;
  const id = reader.ue();
  const afterId = reader.position;
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  const width = reader.ue();
  const height = reader.ue();
  const [left, right, top, bottom] = readCrop(reader);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  const size = sane(width - (left + right) * unitX, height - (top + bottom) * unitY);
  const lumaBits = reader.ue() + 8;
  const chromaBits = reader.ue() + 8;
  skipPicturesAndBlocks(reader, subLayers);
  const configuration = `${reader.text(begin, beforeId)} ${reader.text(afterId, reader.position)}`;
  return size && { ...size, id, chroma, lumaBits, chromaBits, configuration };
}

/** The picture size in an H.265 sequence parameter set, or undefined when it makes no sense. */
export function parseH265Size(sps: Uint8Array): PictureSize | undefined {
  return sizeOf(parseH265Sequence(sps));
}

function sizeOf(parameters: SequenceParameters | undefined): PictureSize | undefined {
  return parameters && { width: parameters.width, height: parameters.height };
}

/** How far pictures are counted and kept, and how they are cut into blocks. */
function skipPicturesAndBlocks(reader: BitReader, subLayers: number): void {
  reader.ue();
  const layers = reader.flag() ? subLayers + 1 : 1;
  for (let value = 0; value < layers * 3; value++) reader.ue();
  for (let value = 0; value < 6; value++) reader.ue();
}

function readChroma(reader: BitReader): Pick<SequenceParameters, 'chroma' | 'lumaBits' | 'chromaBits'> {
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  const lumaBits = reader.ue() + 8;
  const chromaBits = reader.ue() + 8;
  reader.skip(1);
  if (reader.flag()) {
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
    }
  }
  return { chroma, lumaBits, chromaBits };
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
