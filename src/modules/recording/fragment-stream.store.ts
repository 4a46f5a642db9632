import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFragment, Take } from './domain/footage.js';
import { numberFragment, readFragmentExtent, shiftFragment } from './domain/mp4/fragment.js';
import { cutUnfinishedOrder } from './domain/mp4/fragment-repair.js';
import type { StoredCapture } from './fragment-log.store.js';

/**
 * The bytes of one fragmented MP4 made of takes that share a configuration: a single init segment, then every fragment on one timeline.
 * It begins at 0 with the earliest sample of any track. A later take stands where the clock had it, but never before the end of the
 * one before: a camera that sends its last seconds again after a reconnect must not turn time back.
 */
export async function* streamFragments(takes: readonly Take<StoredCapture>[]): AsyncGenerator<Buffer> {
  const [first] = takes;
  if (!first) return;
  yield first.capture.init.bytes;
  let sequence = 0;
  let originMs: number | null = null;
  let endMs = 0;
  for (const { capture, fragments } of takes) {
    const { init, epochMs } = capture;
    let shiftMs: number | null = null;
    let before: Buffer | null = null;
    for await (const { bytes, moof, isLast } of readFragments(capture, fragments)) {
      if (shiftMs === null) {
        const { startMs } = readFragmentExtent(moof, init);
        originMs ??= epochMs + startMs;
        shiftMs = Math.max(epochMs + startMs - originMs, endMs) - startMs;
      }
      shiftFragment(moof, init, shiftMs);
      if (isLast) endMs = readFragmentExtent(moof, init).endMs;
      if (isLast && cutUnfinishedOrder(moof, init, before) === 0) continue;
      numberFragment(moof, (sequence += 1));
      before = moof;
      yield bytes;
    }
  }
}

interface FragmentBytes {
  bytes: Buffer;
  /** The first part of `bytes`. */
  moof: Buffer;
  isLast: boolean;
}

async function* readFragments(
  { dir }: StoredCapture,
  fragments: readonly StoredFragment[],
): AsyncGenerator<FragmentBytes> {
  let file: FileHandle | undefined;
  let openSegment = '';
  try {
    for (const [index, { segment, offset, sizeBytes, moofBytes }] of fragments.entries()) {
      if (!file || segment !== openSegment) {
        await file?.close();
        file = undefined;
        file = await open(join(dir, segment), 'r');
        openSegment = segment;
      }
      const bytes = Buffer.allocUnsafe(sizeBytes);
      const { bytesRead } = await file.read(bytes, 0, sizeBytes, offset);
      if (bytesRead < sizeBytes) throw new Error(`segment ${segment} ends inside a fragment`);
      yield { bytes, moof: bytes.subarray(0, moofBytes), isLast: index === fragments.length - 1 };
    }
  } finally {
    await file?.close();
  }
}
