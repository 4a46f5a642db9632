import { type FileHandle, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggedFiles } from './capture-files.store.js';
import { anchorsFrom } from './domain/capture-clock.js';
import type { StoredFragment } from './domain/footage.js';
import { buildSegmentTail, type IndexedMoof, type SegmentClock } from './domain/segment-file.js';
import { scanSegment } from './segment-scan.store.js';
import { parseSegmentName, segmentKindOf } from './domain/segment-name.js';

/**
 * Ends a segment that a killed process has left without its tail, and brings it to stable storage. Segments of earlier versions have none.
 * @param fragments all that are in it; the file ends with the last one
 * @returns bytes that were added; 0 also where the disk takes no more: the segment can be read without
 */
export async function sealSegment(
  capture: LoggedFiles,
  segment: string,
  fragments: readonly StoredFragment[],
): Promise<number> {
  const [first] = fragments;
  if (!first || segmentKindOf(segment) === 'm4s') return 0;
  const { epochMs, anchors = [] } = capture;
  const file = await open(join(capture.dir, segment), 'r+');
  try {
    const entries = await readEntries(file, fragments);
    return await append(file, capture, {
      segment,
      entries,
      clock: { epochMs, anchors: anchorsFrom(first.startMs, anchors) },
    });
  } finally {
    await file.close();
  }
}

/**
 * Makes sure that a closed segment ends with a whole tail: what stands in its place is cut off, and it is written anew.
 * @returns false when there is no whole fragment in it, or the disk takes no more
 */
export async function mendTail(capture: LoggedFiles, segment: string): Promise<boolean> {
  const { fragments, wholeBytes, tornBytes, isSealed } = await scanSegment(capture.dir, segment, capture.init);
  if (isSealed) return true;
  if (fragments.length === 0) return false;
  if (tornBytes > 0) await truncate(join(capture.dir, segment), wholeBytes);
  return (await sealSegment(capture, segment, fragments)) > 0;
}

async function readEntries(file: FileHandle, fragments: readonly StoredFragment[]): Promise<IndexedMoof[]> {
  const entries: IndexedMoof[] = [];
  for (const fragment of fragments) {
    const moof = Buffer.alloc(fragment.moofBytes);
    await file.read(moof, 0, moof.length, fragment.offset);
    entries.push({ fragment, moof });
  }
  return entries;
}

async function append(
  file: FileHandle,
  { cameraId, stream, captureId }: LoggedFiles,
  { segment, entries, clock }: { segment: string; entries: IndexedMoof[]; clock: SegmentClock },
): Promise<number> {
  const { size } = await file.stat();
  const owner = { cameraId, stream, captureId, number: parseSegmentName(segment) ?? 0 };
  const tail = buildSegmentTail({ owner, clock, entries });
  try {
    const { bytesWritten } = await file.write(tail, 0, tail.length, size);
    if (bytesWritten === tail.length) {
      await file.datasync();
      return tail.length;
    }
  } catch {
    // The disk is full, most likely. What was written of it is cut off again.
  }
  await file.truncate(size);
  return 0;
}
