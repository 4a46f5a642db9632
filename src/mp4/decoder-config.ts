import type { SequenceParameters } from './bitstream/sequence-parameters.js';
import { type ParameterSet, readSet, type SetSyntax } from './parameter-sets.js';

/** Baseline, Main and Extended say nothing of chroma and depth in an `avcC` (14496-15, 5.3.3.1.2). */
const PLAIN_PROFILES = [66, 77, 88];
/** Where the arrays of an `hvcC` begin (14496-15, 8.3.3.1.2). */
const HVCC_ARRAYS_AT = 22;
/** Header of the unit, and what stands in front of profile, tier and level in a sequence parameter set of H.265. */
const H265_PROFILE_AT = 3;
const H265_PROFILE_BYTES = 12;
const KINDS: readonly ParameterSet['kind'][] = ['video', 'sequence', 'picture'];

/** The parameter sets in the body of an `avcC` or `hvcC`; none where it is damaged. */
export function readConfigSets(config: Buffer, sampleEntry: string, syntax: SetSyntax): ParameterSet[] {
  try {
    const units = isAvc(sampleEntry) ? unitsOfAvcc(config) : unitsOfHvcc(config);
    return units.flatMap((unit) => readSet(unit, syntax) ?? []);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function isAvc(sampleEntry: string): boolean {
  return sampleEntry.startsWith('avc');
}

function unitsOfAvcc(config: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = config.readUInt8(at) & mask;
    at = takeUnits(config, at + 1, count, units);
  }
  return units;
}

function unitsOfHvcc(config: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let at = HVCC_ARRAYS_AT + 1;
  for (let left = config.readUInt8(HVCC_ARRAYS_AT); left > 0; left -= 1) {
    at = takeUnits(config, at + 3, config.readUInt16BE(at + 1), units);
  }
  return units;
}

function takeUnits(config: Buffer, from: number, count: number, into: Buffer[]): number {
  let at = from;
  for (let left = count; left > 0; left -= 1) {
    const start = at + 2;
    at = start + config.readUInt16BE(at);
    into.push(config.subarray(start, at));
  }
  return at;
}

/** What describes the pictures that follow. */
export interface NewConfig {
  /** All that is known of the pictures, the set in force first of its kind. */
  sets: readonly ParameterSet[];
  /** The sequence parameter set in force. */
  active: Buffer;
  parameters: SequenceParameters;
}

/** What the counts in an `avcC` have room for. */
const MOST_SEQUENCES = 31;
const MOST_PICTURES = 255;

/** The body of an `avcC` or `hvcC` for other parameter sets; the lengths of the units stay as `before` has them. */
export function buildDecoderConfig(before: Buffer, sampleEntry: string, config: NewConfig): Buffer {
  return isAvc(sampleEntry) ? buildAvcc(before, config) : buildHvcc(before, config);
}

function buildAvcc(before: Buffer, { sets, active, parameters }: NewConfig): Buffer {
  const sequences = unitsOf(sets, 'sequence').slice(0, MOST_SEQUENCES);
  const pictures = unitsOf(sets, 'picture').slice(0, MOST_PICTURES);
  const head = Buffer.from([1, active[1]!, active[2]!, active[3]!, before[4]!]);
  const { chroma, lumaBits, chromaBits } = parameters;
  const more = Buffer.from([0xfc | chroma, 0xf8 | (lumaBits - 8), 0xf8 | (chromaBits - 8), 0]);
  return Buffer.concat([
    ...[head, Buffer.from([0xe0 | sequences.length]), ...sequences.map(withLength)],
    ...[Buffer.from([pictures.length]), ...pictures.map(withLength)],
    ...(PLAIN_PROFILES.includes(active[1]!) ? [] : [more]),
  ]);
}

/** Without what helps to decode in parallel, and the frame rate: both may be unknown. */
function buildHvcc(before: Buffer, { sets, active, parameters }: NewConfig): Buffer {
  const { chroma, lumaBits, chromaBits } = parameters;
  const profile = withoutEmulation(active).subarray(H265_PROFILE_AT, H265_PROFILE_AT + H265_PROFILE_BYTES);
  const layers = (((active[2]! >> 1) & 7) + 1) << 3;
  const nested = (active[2]! & 1) << 2;
  const pictures = Buffer.from([0xfc | chroma, 0xf8 | (lumaBits - 8), 0xf8 | (chromaBits - 8), 0, 0]);
  const arrays = KINDS.map((kind) => unitsOf(sets, kind)).filter(({ length }) => length > 0);
  return Buffer.concat([
    ...[Buffer.from([1]), profile, Buffer.from([0xf0, 0, 0xfc]), pictures],
    Buffer.from([layers | nested | (before[21]! & 3), arrays.length]),
    ...arrays.flatMap((units) => [arrayHead(units, before), ...units.map(withLength)]),
  ]);
}

/** With `array_completeness` as the former configuration has it: FFmpeg says so or not, by its age. */
function arrayHead(units: readonly Buffer[], before: Buffer): Buffer {
  const completeness = (before[HVCC_ARRAYS_AT + 1] ?? 0) & 0x80;
  return Buffer.from([completeness | ((units[0]![0]! >> 1) & 0x3f), units.length >> 8, units.length & 0xff]);
}

function unitsOf(sets: readonly ParameterSet[], wanted: ParameterSet['kind']): Buffer[] {
  return sets.filter(({ kind }) => kind === wanted).map(({ bytes }) => bytes);
}

function withLength(unit: Buffer): Buffer {
  return Buffer.concat([Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]);
}

/** The byte that keeps a start code from appearing inside (ITU-T H.265, 7.3.1.1) is no part of what is said. */
function withoutEmulation(unit: Buffer): Buffer {
  return Buffer.from(unit.filter((byte, at) => !(byte === 3 && at >= 2 && unit[at - 1] === 0 && unit[at - 2] === 0)));
}
