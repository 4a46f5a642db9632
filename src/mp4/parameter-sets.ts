import { BitReader } from './bitstream/bit-reader.js';
import { parseH264Sequence, parseH265Sequence, type SequenceParameters } from './bitstream/sequence-parameters.js';
import { lengthBytes, placeNalUnits } from './bitstream/nal-units.js';

/** A parameter set as a NAL unit without start code; of the VPS of H.265 nobody asks more than to keep it. */
export interface ParameterSet {
  kind: 'video' | 'sequence' | 'picture';
  id: number;
  bytes: Buffer;
}

/** What a key frame brings along, and what its pictures refer to. */
export interface KeyFrameSets {
  sets: ParameterSet[];
  /** Number of the picture parameter set of its first slice. */
  pictureId: number;
}

/** How parameter sets and slices are told from each other. */
export interface SetSyntax {
  /** Which byte of the decoder's configuration tells how long the lengths of the units are. */
  lengthAt: number;
  headerBytes: number;
  typeOf(header: number): number;
  kinds: ReadonlyMap<number, ParameterSet['kind']>;
  isSlice(type: number): boolean;
  /** Skips what stands in front of the number of the picture parameter set in a slice. */
  skipToPictureId(slice: BitReader, type: number): void;
  parseSequence(sps: Uint8Array): SequenceParameters | undefined;
}

/** ITU-T H.264, table 7-1 and 7.3.3. */
const H264: SetSyntax = {
  lengthAt: 4,
  headerBytes: 1,
  typeOf: (header) => header & 0x1f,
  kinds: new Map([
    [7, 'sequence'],
    [8, 'picture'],
  ]),
  isSlice: (type) => type >= 1 && type <= 5,
  skipToPictureId: (slice) => {
    slice.ue();
    slice.ue();
  },
  parseSequence: parseH264Sequence,
};

/** ITU-T H.265, table 7-1 and 7.3.6.1; types 16 to 23 are random access points. */
const H265: SetSyntax = {
  lengthAt: 21,
  headerBytes: 2,
  typeOf: (header) => (header >> 1) & 0x3f,
  kinds: new Map([
    [32, 'video'],
    [33, 'sequence'],
    [34, 'picture'],
  ]),
  isSlice: (type) => type < 32,
  skipToPictureId: (slice, type) => slice.skip(type >= 16 && type <= 23 ? 2 : 1),
  parseSequence: parseH265Sequence,
};

/** How a track of this sample entry writes its parameter sets, or null when it has none. */
export function setSyntaxOf(sampleEntry: string): SetSyntax | null {
  if (sampleEntry === 'avc1' || sampleEntry === 'avc3') return H264;
  return sampleEntry === 'hvc1' || sampleEntry === 'hev1' ? H265 : null;
}

/** More units than this in front of a picture are no picture's. */
const MOST_UNITS = 64;
/** Numbers at the front of a set or a slice are read from no more bytes. */
const FRONT_BYTES = 32;
/** A set with all its tables has some hundred bytes; what is longer is damaged. */
const MOST_SET_BYTES = 4_096;
/** Of a picture parameter set of H.264 (7.4.2.2); the others have less. */
const HIGHEST_ID = 255;

/** A NAL unit as a parameter set, copied out of what it lies in; null when it is something else, or damaged. */
export function readSet(unit: Buffer, syntax: SetSyntax): ParameterSet | null {
  const kind = syntax.kinds.get(syntax.typeOf(unit[0] ?? 0));
  if (!kind || unit.length > MOST_SET_BYTES) return null;
  const id = readId(unit, kind, syntax);
  return id !== undefined && id <= HIGHEST_ID ? { kind, id, bytes: Buffer.from(unit) } : null;
}

function readId(unit: Buffer, kind: ParameterSet['kind'], syntax: SetSyntax): number | undefined {
  if (kind === 'sequence') return syntax.parseSequence(unit)?.id;
  const reader = frontOf(unit, syntax);
  return kind === 'picture' ? reader.ue() : reader.bits(4);
}

/** The number of the sequence parameter set that a picture parameter set refers to. */
export function sequenceIdOf(pictureSet: Buffer, syntax: SetSyntax): number {
  const reader = frontOf(pictureSet, syntax);
  reader.ue();
  return reader.ue();
}

/**
 * Looks at what stands in front of a picture, not at the picture.
 * @param frame a sample with a length in front of each NAL unit
 * @param config body of the track's `avcC` or `hvcC`
 * @returns null when no picture follows
 */
export function readKeyFrameSets(frame: Buffer, config: Buffer, syntax: SetSyntax): KeyFrameSets | null {
  const sets: ParameterSet[] = [];
  let units = 0;
  for (const { start, end } of placeNalUnits(frame, lengthBytes(config[syntax.lengthAt]))) {
    const unit = frame.subarray(start, end);
    const type = syntax.typeOf(unit[0] ?? 0);
    const set = readSet(unit, syntax);
    if (set) sets.push(set);
    else if (syntax.isSlice(type)) {
      const slice = frontOf(unit, syntax);
      syntax.skipToPictureId(slice, type);
      return { sets, pictureId: slice.ue() };
    }
    if ((units += 1) >= MOST_UNITS) return null;
  }
  return null;
}

function frontOf(unit: Buffer, { headerBytes }: SetSyntax): BitReader {
  return new BitReader(unit.subarray(headerBytes, headerBytes + FRONT_BYTES));
}
