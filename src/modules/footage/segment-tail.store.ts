import { open } from 'node:fs/promises';
import { Mp4Error } from '../../mp4/boxes.js';
import { parseSegmentTail, type SegmentTail, TAIL_END_BYTES, tailBytesOf } from './domain/segment-file.js';

/** The tail of a segment file, and how long both are. */
export interface FoundTail {
  tail: SegmentTail;
  tailBytes: number;
  sizeBytes: number;
}

/**
 * Reads the tail of a segment that is closed.
 * @throws Mp4Error when it has none, or a damaged one; also what the disk says
 */
export async function readSegmentTail(path: string): Promise<FoundTail> {
  const file = await open(path, 'r');
  try {
    const { size: sizeBytes } = await file.stat();
    const end = await readAt(Math.max(0, sizeBytes - TAIL_END_BYTES), TAIL_END_BYTES);
    const tailBytes = tailBytesOf(end, sizeBytes);
    if (tailBytes === null) throw new Mp4Error('a segment does not end with its index');
    return { tail: parseSegmentTail(await readAt(sizeBytes - tailBytes, tailBytes)), tailBytes, sizeBytes };
  } finally {
    await file.close();
  }

  async function readAt(offset: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }
}
