import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readBoxHeader } from '../../mp4/boxes.js';
import { readFragmentTiming } from '../../mp4/fragment.js';
import { isPlausibleAfter } from '../../mp4/plausible-times.js';
import type { InitSegment } from '../../mp4/init-segment.js';
import type { StoredFragment } from './domain/footage.js';
import { headBytesOf, isSegmentTail, TAIL_END_BYTES, tailBytesOf } from './domain/segment-file.js';
import { segmentKindOf } from './domain/segment-name.js';

/** The tables of a fragment at the limit of samples are a fifth of this; a larger `moof` is none. */
const MAX_MOOF_BYTES = 8 * 1024 * 1024;
/** A silent frame in its box has some bytes; a larger box between fragments is none. */
const MAX_SILENCE_BYTES = 1_024;

/** What a segment file holds. */
export interface ScannedSegment {
  fragments: StoredFragment[];
  /** Where whole fragments end, and the tail behind them if it is whole too. */
  wholeBytes: number;
  /** Bytes behind that: what a crash or a full disk left of something more. */
  tornBytes: number;
  /** It has its tail. */
  isSealed: boolean;
}

/** As `scanFragments`, for a segment of a log. Nothing of one is whole that holds no fragment. */
export async function scanSegment(dir: string, segment: string, init: InitSegment): Promise<ScannedSegment> {
  const headBytes = segmentKindOf(segment) === 'mp4' ? headBytesOf(init) : 0;
  const scanned = await scanFragments(dir, segment, init, headBytes);
  if (scanned.fragments.length > 0 || headBytes === 0) return scanned;
  return { ...scanned, wholeBytes: 0, tornBytes: scanned.wholeBytes + scanned.tornBytes };
}

/**
 * Reads the headers of a segment, skipping the media; stops before a fragment that is not whole or not sound. Changes nothing.
 * @param fromBytes where the first fragment begins, or the silent frame before it
 */
export async function scanFragments(
  dir: string,
  segment: string,
  init: InitSegment,
  fromBytes: number,
): Promise<ScannedSegment> {
  const fragments: StoredFragment[] = [];
  const file = await open(join(dir, segment), 'r');
  try {
    const { size } = await file.stat();
    let wholeBytes = Math.min(fromBytes, size);
    for (;;) {
      const found = await fragmentAt(file, wholeBytes, { size, init });
      if (!found || (found.timing && !isPlausibleAfter(fragments.at(-1) ?? null, found.timing))) {
        const isSealed = await isTailAt(file, wholeBytes, size);
        if (isSealed) wholeBytes = size;
        return { fragments, wholeBytes, tornBytes: size - wholeBytes, isSealed };
      }
      const { timing, ...place } = found;
      if (timing) fragments.push({ ...timing, segment, ...place });
      wholeBytes = place.offset + place.sizeBytes;
    }
  } finally {
    await file.close();
  }
}

/**
 * The fragment at `from`, or behind a silent frame there; null when there is none that is whole: a power loss may leave anything behind the
 * last one. Whatever is wrong with its bytes makes it none, foreseen or not: a log that cannot be opened would stop the service at each
 * start. What the disk says passes.
 */
async function fragmentAt(file: FileHandle, from: number, { size, init }: { size: number; init: InitSegment }) {
  try {
    const silenceBytes = (await boxSizeAt(file, from, size, 'free')) ?? 0;
    if (silenceBytes > MAX_SILENCE_BYTES) return null;
    const offset = from + silenceBytes;
    const moofBytes = await boxSizeAt(file, offset, size, 'moof');
    const mdatBytes = moofBytes && (await boxSizeAt(file, offset + moofBytes, size, 'mdat'));
    if (!moofBytes || !mdatBytes || moofBytes > MAX_MOOF_BYTES) return null;
    const moof = Buffer.alloc(moofBytes);
    await file.read(moof, 0, moofBytes, offset);
    return { timing: readFragmentTiming(moof, init), offset, moofBytes, sizeBytes: moofBytes + mdatBytes };
  } catch (error) {
    if (isDiskError(error)) throw error;
    return null;
  }
}

/** Whether a tail fills the file from `from` on. */
async function isTailAt(file: FileHandle, from: number, size: number): Promise<boolean> {
  const end = await readAt(file, Math.max(from, size - TAIL_END_BYTES), TAIL_END_BYTES);
  return tailBytesOf(end, size) === size - from && isSegmentTail(await readAt(file, from, size - from));
}

async function readAt(file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
  return buffer.subarray(0, bytesRead);
}

/** What the disk or the kernel says, as opposed to what is wrong with the bytes that were read. */
export function isDiskError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

/** The size of the box at `offset`, or null when it is not that box or not whole. */
async function boxSizeAt(file: FileHandle, offset: number, fileSize: number, type: string): Promise<number | null> {
  const header = Buffer.alloc(16);
  const { bytesRead } = await file.read(header, 0, 16, offset);
  const box = readBoxHeader(header, 0, bytesRead);
  return box?.type === type && box.sizeBytes > 0 && offset + box.sizeBytes <= fileSize ? box.sizeBytes : null;
}
