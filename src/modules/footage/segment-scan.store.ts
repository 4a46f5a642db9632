import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readBoxHeader } from '../../mp4/boxes.js';
import { readFragmentTiming } from '../../mp4/fragment.js';
import { isPlausibleAfter } from '../../mp4/plausible-times.js';
import type { InitSegment } from '../../mp4/init-segment.js';
import type { StoredFragment } from './domain/footage.js';

/** The tables of a fragment at the limit of samples are a fifth of this; a larger `moof` is none. */
const MAX_MOOF_BYTES = 8 * 1024 * 1024;

/** What a segment file holds. */
export interface ScannedSegment {
  fragments: StoredFragment[];
  /** Where whole fragments end. */
  wholeBytes: number;
  /** Bytes behind them: what a crash or a full disk left of one more. */
  tornBytes: number;
}

/**
 * Reads the headers of a segment, skipping the media; stops before a fragment that is not whole or not sound. Changes nothing.
 * @param fromBytes where the first fragment begins
 */
export async function scanSegment(
  dir: string,
  segment: string,
  init: InitSegment,
  fromBytes = 0,
): Promise<ScannedSegment> {
  const fragments: StoredFragment[] = [];
  const file = await open(join(dir, segment), 'r');
  try {
    const { size } = await file.stat();
    let wholeBytes = fromBytes;
    for (;;) {
      const found = await fragmentAt(file, wholeBytes, { size, init });
      if (!found || (found.timing && !isPlausibleAfter(fragments.at(-1) ?? null, found.timing))) {
        return { fragments, wholeBytes, tornBytes: size - wholeBytes };
      }
      const { timing, ...place } = found;
      if (timing) fragments.push({ ...timing, segment, offset: wholeBytes, ...place });
      wholeBytes += place.sizeBytes;
    }
  } finally {
    await file.close();
  }
}

/**
 * The fragment at `offset`, or null when there is none that is whole: a power loss may leave anything behind the last one. Whatever is wrong
 * with its bytes makes it none, foreseen or not: a log that cannot be opened would stop the service at each start. What the disk says passes.
 */
async function fragmentAt(file: FileHandle, offset: number, { size, init }: { size: number; init: InitSegment }) {
  try {
    const moofBytes = await boxSizeAt(file, offset, size, 'moof');
    const mdatBytes = moofBytes && (await boxSizeAt(file, offset + moofBytes, size, 'mdat'));
    if (!moofBytes || !mdatBytes || moofBytes > MAX_MOOF_BYTES) return null;
    const moof = Buffer.alloc(moofBytes);
    await file.read(moof, 0, moofBytes, offset);
    return { timing: readFragmentTiming(moof, init), moofBytes, sizeBytes: moofBytes + mdatBytes };
  } catch (error) {
    if (isDiskError(error)) throw error;
    return null;
  }
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
