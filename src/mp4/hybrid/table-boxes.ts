import { buildFullBox, uint32 } from '../box-writer.js';
import type { Track } from '../init-segment.js';
import { type GrowingInts, growingUints } from './growing-ints.js';
import type { SampleTable } from './sample-table.js';

/** Where the bytes that chunks refer to lie in the object. */
export interface Places {
  /** Of a fragment's bytes from `offset` on, for tracks of that kind. */
  sampleAt(fragment: number, offset: number, kind: Track['kind']): number;
  /** Of the silent frame for the pause before a fragment. */
  silenceAt(fragment: number): number;
  /** Some lie where 32 bits cannot point to. */
  large: boolean;
}

/** The boxes of an `stbl` behind its `stsd` (14496-12, 8.6 and 8.7). Only the last one depends on where things lie, and not in its size. */
export function buildTableBoxes(table: SampleTable, places: Places): Buffer[] {
  return [
    buildTimes(table),
    ...buildCompositions(table),
    ...buildSyncs(table),
    buildChunkSizes(table),
    buildFullBox('stsz', 0, 0, uint32(0, table.sampleCount), table.sizes.toBytes()),
    buildChunkOffsets(table, places),
  ];
}

function buildTimes({ durations }: SampleTable): Buffer {
  return buildFullBox('stts', 0, 0, ...countRuns(durations));
}

function buildCompositions({ compositions }: SampleTable): Buffer[] {
  let [lowest, highest] = [0, 0];
  for (let index = 0; index < compositions.length; index += 1) {
    lowest = Math.min(lowest, compositions.at(index));
    highest = Math.max(highest, compositions.at(index));
  }
  if (lowest === 0 && highest === 0) return [];
  return [buildFullBox('ctts', lowest < 0 ? 1 : 0, 0, ...countRuns(compositions))];
}

/** Without this box every sample is a sync sample. */
function buildSyncs({ track, syncs, sampleCount }: SampleTable): Buffer[] {
  if (track.kind === 'audio' || syncs.length === sampleCount) return [];
  return [buildFullBox('stss', 0, 0, uint32(syncs.length), syncs.toBytes())];
}

/** Entries of number and value for values that repeat, behind the number of entries. */
function countRuns(values: GrowingInts<Uint32Array | Int32Array>): Buffer[] {
  const entries = growingUints();
  let count = 0;
  for (let index = 0; index < values.length; index += 1) {
    count += 1;
    if (index + 1 < values.length && values.at(index + 1) === values.at(index)) continue;
    entries.push(count);
    entries.push(values.at(index));
    count = 0;
  }
  return [uint32(entries.length / 2), entries.toBytes()];
}

const SAMPLE_DESCRIPTION = 1;

function buildChunkSizes({ chunkSamples }: SampleTable): Buffer {
  const entries = growingUints();
  for (let index = 0; index < chunkSamples.length; index += 1) {
    if (index > 0 && chunkSamples.at(index) === chunkSamples.at(index - 1)) continue;
    entries.push(index + 1);
    entries.push(chunkSamples.at(index));
    entries.push(SAMPLE_DESCRIPTION);
  }
  return buildFullBox('stsc', 0, 0, uint32(entries.length / 3), entries.toBytes());
}

function buildChunkOffsets(table: SampleTable, places: Places): Buffer {
  const count = table.chunkCount;
  const offsets = Buffer.alloc(count * (places.large ? 8 : 4));
  for (let index = 0; index < count; index += 1) {
    const { fragment, offset } = table.chunkPlace(index);
    const at = offset === 'silence' ? places.silenceAt(fragment) : places.sampleAt(fragment, offset, table.track.kind);
    if (places.large) offsets.writeBigUInt64BE(BigInt(at), index * 8);
    else offsets.writeUInt32BE(at, index * 4);
  }
  return buildFullBox(places.large ? 'co64' : 'stco', 0, 0, uint32(count), offsets);
}
