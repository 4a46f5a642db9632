import { crc32 } from 'node:zlib';
import { Mp4Error } from '../../../mp4/boxes.js';
import { buildBox, uint32 } from '../../../mp4/box-writer.js';
import { buildSilentBox } from '../../../mp4/hybrid/object-layout.js';
import type { InitSegment } from '../../../mp4/init-segment.js';
import { SilenceFiller } from '../../../mp4/silence.js';
import type { StreamName } from '../../../schema/stream-id.js';
import type { Anchor } from './capture-clock.js';
import type { StoredFragment } from './footage.js';

/**
 * A segment file says by itself what it holds:
 *
 *     ftyp moov · uuid, whose it is · { free, a silent frame · moof · mdat } … · uuid, its index
 *
 * So any player opens it, and a lost index of footage can be made again from the segments alone. The first `uuid` has a fixed length: where
 * the fragments begin is known without reading what a crash may have damaged. The second one, the tail, is there once the segment is closed.
 * Players skip `uuid` and `free` (14496-12, 11.1 and 8.1.2). The silent frame is there for a pause of the sound that may turn out to be at
 * this place: a file that is made of ranges of this one has it where it needs it.
 */

/** Whose footage a segment holds. */
export interface SegmentOwner {
  cameraId: string;
  stream: StreamName;
  captureId: string;
  /** Of the segment, from 1 on. */
  number: number;
}

/** What turns media times into the wall clock, as it was known when the segment was closed. */
export interface SegmentClock {
  epochMs: number;
  anchors: readonly Anchor[];
}

/** A fragment where it lies in its segment; times are as its `moof` has them. */
export type IndexedFragment = Omit<StoredFragment, 'segment'>;

/** A fragment, and its `moof`. */
export interface IndexedMoof {
  fragment: IndexedFragment;
  moof: Buffer;
}

export interface SegmentTail {
  owner: SegmentOwner;
  clock: SegmentClock;
  entries: IndexedMoof[];
}

const OWNER_TYPE = Buffer.from('5f0c2c5c6d8e4d0b8a3b0d8f6b1f7a10', 'hex');
const TAIL_TYPE = Buffer.from('5f0c2c5c6d8e4d0b8a3b0d8f6b1f7a11', 'hex');
const VERSION = 2;
/** Of the first `uuid`, between the init segment and the first group of pictures. Two names of 36 letters, a number, and room. */
export const OWNER_BYTES = 256;
const UUID_HEADER_BYTES = 8 + TAIL_TYPE.length;
/** Checksum and size of the whole box: whoever has the end of the file finds the rest. */
export const TAIL_END_BYTES = 8;

/** Where the first fragment of a segment begins, or the silent frame before it. */
export function headBytesOf(init: InitSegment): number {
  return init.bytes.length + OWNER_BYTES;
}

/** @throws RangeError when the owner's names are longer than the room for them */
export function buildSegmentHead(init: InitSegment, owner: SegmentOwner): Buffer {
  const said = Buffer.alloc(OWNER_BYTES - UUID_HEADER_BYTES, ' ');
  const text = JSON.stringify({ v: VERSION, ...owner });
  if (Buffer.byteLength(text) > said.length) throw new RangeError(`no room in a segment for ${text}`);
  said.write(text);
  return Buffer.concat([init.bytes, buildBox('uuid', OWNER_TYPE, said)]);
}

/** What stands before each fragment; empty where no silence is known for the sound. */
export function silenceBefore(init: InitSegment): Buffer {
  const { frame } = new SilenceFiller(init);
  return frame ? buildSilentBox(frame) : Buffer.alloc(0);
}

/** The box that ends a segment. @param entries in the order of the file */
export function buildSegmentTail({ owner, clock, entries }: SegmentTail): Buffer {
  const said: TailText = { v: VERSION, owner, clock, fragments: entries.map(({ fragment }) => lineOf(fragment)) };
  const text = Buffer.from(JSON.stringify(said));
  const body = Buffer.concat([TAIL_TYPE, uint32(text.length), text, ...entries.map(({ moof }) => moof)]);
  const sizeBytes = 8 + body.length + TAIL_END_BYTES;
  return buildBox('uuid', body, uint32(crc32(body), sizeBytes));
}

/** The size of the tail of which these are the last bytes; null when they are none. @param end `TAIL_END_BYTES` */
export function tailBytesOf(end: Buffer, fileBytes: number): number | null {
  const sizeBytes = end.length < TAIL_END_BYTES ? 0 : end.readUInt32BE(4);
  return sizeBytes > UUID_HEADER_BYTES + TAIL_END_BYTES && sizeBytes <= fileBytes ? sizeBytes : null;
}

/** Whether these bytes, up to the end of the file, are a tail that is whole. */
export function isSegmentTail(box: Buffer): boolean {
  const body = bodyOf(box);
  return body !== null && crc32(body) === box.readUInt32BE(box.length - TAIL_END_BYTES);
}

/**
 * Reads a tail.
 * @param box all of it
 * @throws Mp4Error when it is damaged, or of a version that is not known
 */
export function parseSegmentTail(box: Buffer): SegmentTail {
  const body = isSegmentTail(box) ? bodyOf(box)! : null;
  if (!body) throw new Mp4Error('the end of a segment is damaged');
  const textFrom = TAIL_TYPE.length + 4;
  const textTo = textFrom + body.readUInt32BE(TAIL_TYPE.length);
  const said = JSON.parse(body.toString('utf8', textFrom, textTo)) as TailText;
  if (said.v !== VERSION) throw new Mp4Error(`a segment of version ${said.v} cannot be read`);
  let at = textTo;
  const entries = said.fragments.map((fragment) => {
    const moof = body.subarray(at, (at += fragment.moofBytes));
    return { fragment, moof };
  });
  return { owner: said.owner, clock: said.clock, entries };
}

interface TailText {
  v: number;
  owner: SegmentOwner;
  clock: SegmentClock;
  fragments: IndexedFragment[];
}

/** What an index says of a fragment, always in the same order: a tail that is made again has the same bytes. */
function lineOf(fragment: IndexedFragment): IndexedFragment {
  const { offset, moofBytes, sizeBytes, startMs, durationMs, frames, isSync, longStills, leanMs } = fragment;
  return {
    ...{ offset, moofBytes, sizeBytes, startMs, durationMs, frames, isSync },
    ...(longStills ? { longStills } : {}),
    ...(leanMs === undefined ? {} : { leanMs }),
  };
}

/** Between the header and the end of a tail; null when the bytes are not exactly one. */
function bodyOf(box: Buffer): Buffer | null {
  if (box.length < UUID_HEADER_BYTES + 4 + TAIL_END_BYTES) return null;
  if (box.readUInt32BE(0) !== box.length || box.toString('latin1', 4, 8) !== 'uuid') return null;
  const body = box.subarray(8, box.length - TAIL_END_BYTES);
  return body.subarray(0, TAIL_TYPE.length).equals(TAIL_TYPE) ? body : null;
}
