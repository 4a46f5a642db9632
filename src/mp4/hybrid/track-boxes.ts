import { type Box, findBox, Mp4Error, readBoxes } from '../boxes.js';
import { buildBox, buildFullBox, uint32, uint64 } from '../box-writer.js';
import type { Presentation, SampleTable } from './sample-table.js';
import { buildTableBoxes, type Places } from './table-boxes.js';

const MAX_32_BITS = 0xffff_ffff;

/** Durations of the headers of a movie or track, in ticks of their own time scales. */
export interface HeaderTimes {
  durationTicks: number;
  /** Of `mvhd` and `mdhd`, which say it. */
  timescale?: number;
}

/**
 * The header box of a movie (`mvhd`), track (`tkhd`) or medium (`mdhd`) with another duration; the rest of it stays
 * (14496-12, 8.2.2, 8.3.2, 8.4.2). Times are of 64 bits where 32 are too few.
 */
export function rebuildHeader(bytes: Buffer, { type, bodyStart, end }: Box, times: HeaderTimes): Buffer {
  const isWide = bytes[bodyStart] === 1;
  const flags = bytes.readUIntBE(bodyStart + 1, 3);
  const createdAt = bodyStart + 4;
  const middleAt = createdAt + (isWide ? 16 : 8);
  const middleEnd = middleAt + (type === 'tkhd' ? 8 : 4);
  const middle = times.timescale === undefined ? bytes.subarray(middleAt, middleEnd) : uint32(times.timescale);
  const rest = bytes.subarray(middleEnd + (isWide ? 8 : 4), end);
  if (!isWide && times.durationTicks < MAX_32_BITS) {
    const created = bytes.subarray(createdAt, middleAt);
    return buildFullBox(type, 0, flags, created, middle, uint32(times.durationTicks), rest);
  }
  const read = (index: number) =>
    isWide ? Number(bytes.readBigUInt64BE(createdAt + index * 8)) : bytes.readUInt32BE(createdAt + index * 4);
  const body = [uint64(read(0), read(1)), middle, uint64(times.durationTicks), rest];
  return buildFullBox(type, 1, flags, ...body);
}

/** How a track's own time becomes the time of the movie. */
export interface TrackTiming {
  presentation: Presentation;
  /** Ticks per second of the movie. */
  movieTimescale: number;
  /** When the movie begins, in seconds of the timeline that all tracks share. */
  originSec: number;
}

/** Ticks of the movie during which the track has not begun yet, and those from then on. */
export function measureTrack(
  { track }: SampleTable,
  { presentation, movieTimescale, originSec }: TrackTiming,
): { emptyTicks: number; shownTicks: number } {
  const toMovie = movieTimescale / track.timescale;
  return {
    emptyTicks: Math.round(presentation.startTicks * toMovie - originSec * movieTimescale),
    // Rounded up: what is cut off from the last picture is the whole picture to some players.
    shownTicks: Math.ceil((presentation.endTicks - presentation.startTicks) * toMovie),
  };
}

/** The `trak` of an init segment with full sample tables; the description of the samples and all else stays. */
export function buildTrack(bytes: Buffer, trak: Box, table: SampleTable, timing: TrackTiming, places: Places): Buffer {
  const { emptyTicks, shownTicks } = measureTrack(table, timing);
  const { presentation } = timing;
  const replace = (box: Box): Buffer[] => {
    switch (box.type) {
      case 'tkhd':
        return [
          rebuildHeader(bytes, box, { durationTicks: emptyTicks + shownTicks }),
          buildEdits(emptyTicks, shownTicks, presentation.startTicks - presentation.decodeStartTicks),
        ];
      case 'edts':
        return [];
      case 'mdhd':
        return [
          rebuildHeader(bytes, box, { durationTicks: presentation.mediaTicks, timescale: table.track.timescale }),
        ];
      case 'mdia':
      case 'minf':
        return [rebuildParent(bytes, box, replace)];
      case 'stbl':
        return [buildBox('stbl', copyDescription(bytes, box), ...buildTableBoxes(table, places))];
      default:
        return [bytes.subarray(box.start, box.end)];
    }
  };
  return rebuildParent(bytes, trak, replace);
}

function rebuildParent(bytes: Buffer, parent: Box, replace: (child: Box) => Buffer[]): Buffer {
  return buildBox(parent.type, ...readBoxes(bytes, parent.bodyStart, parent.end).flatMap(replace));
}

function copyDescription(bytes: Buffer, stbl: Box): Buffer {
  const stsd = findBox(bytes, ['stsd'], stbl.bodyStart, stbl.end);
  if (!stsd) throw new Mp4Error('no stsd in a track');
  return bytes.subarray(stsd.start, stsd.end);
}

const NORMAL_RATE = 0x0001_0000;
const NOTHING = -1;

/** An empty edit until the track begins, then all of it from the sample that is shown first (14496-12, 8.6.6). */
function buildEdits(emptyTicks: number, shownTicks: number, mediaTicks: number): Buffer {
  const all = [
    { durationTicks: emptyTicks, mediaTicks: NOTHING },
    { durationTicks: shownTicks, mediaTicks },
  ];
  const edits = emptyTicks > 0 ? all : all.slice(1);
  const isWide = edits.some((edit) => edit.durationTicks > MAX_32_BITS || edit.mediaTicks > MAX_32_BITS >>> 1);
  const entries = edits.map((edit) => {
    const entry = Buffer.alloc(isWide ? 20 : 12);
    if (isWide) {
      entry.writeBigUInt64BE(BigInt(edit.durationTicks), 0);
      entry.writeBigInt64BE(BigInt(edit.mediaTicks), 8);
    } else {
      entry.writeUInt32BE(edit.durationTicks, 0);
      entry.writeInt32BE(edit.mediaTicks, 4);
    }
    entry.writeUInt32BE(NORMAL_RATE, entry.length - 4);
    return entry;
  });
  return buildBox('edts', buildFullBox('elst', isWide ? 1 : 0, 0, uint32(edits.length), ...entries));
}
