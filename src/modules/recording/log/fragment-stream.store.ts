import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFragment, Take } from '../domain/footage.js';
import { TakePlacer, Timeline } from '../domain/hybrid-mp4/timeline.js';
import { numberFragment } from '../domain/mp4/fragment.js';
import type { StoredCapture } from './fragment-log.store.js';

export { Timeline } from '../domain/hybrid-mp4/timeline.js';

/**
 * The bytes of one fragmented MP4 made of takes that share a configuration: a single init segment, then every fragment on one timeline.
 * It begins at 0 with the earliest sample of any track. A later take stands where the clock had it, but never before the end of the
 * one before: a camera that sends its last seconds again after a reconnect must not turn time back. It waits for the next beat of the
 * frames before it: a file whose frames leave their rhythm looks to FFmpeg as if it had another frame rate.
 */
export async function* streamFragments(takes: readonly Take<StoredCapture>[]): AsyncGenerator<Buffer> {
  const [first] = takes;
  if (!first) return;
  yield first.capture.init.bytes;
  let sequence = 0;
  const timeline = new Timeline();
  for (const take of takes) {
    const placer = new TakePlacer(timeline, take);
    for await (const { bytes, moof, index } of readFragments(take)) {
      if (!placer.put(moof, { isLast: index === take.fragments.length - 1 })) continue;
      numberFragment(moof, (sequence += 1));
      yield bytes;
    }
  }
}

/** The first and the last `moof` of a take, as they are on disk. */
export async function readOuterMoofs({ capture: { dir }, fragments }: Take<StoredCapture>): Promise<[Buffer, Buffer]> {
  const read = async ({ segment, offset, moofBytes }: StoredFragment) => {
    const file = await open(join(dir, segment), 'r');
    try {
      return (await file.read(Buffer.alloc(moofBytes), 0, moofBytes, offset)).buffer;
    } finally {
      await file.close();
    }
  };
  return [await read(fragments[0]!), await read(fragments.at(-1)!)];
}

interface FragmentBytes {
  bytes: Buffer;
  /** The first part of `bytes`. */
  moof: Buffer;
  index: number;
}

async function* readFragments({ capture: { dir }, fragments }: Take<StoredCapture>): AsyncGenerator<FragmentBytes> {
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
      yield { bytes, moof: bytes.subarray(0, moofBytes), index };
    }
  } finally {
    await file?.close();
  }
}
