import { TakePlacer, Timeline } from '../../mp4/hybrid/timeline.js';
import { Mp4Error } from '../../mp4/boxes.js';
import { numberFragment, readFragmentTiming } from '../../mp4/fragment.js';
import type { StoredFragment, Take } from './domain/footage.js';
import { TornFootage } from './domain/torn-footage.js';
import { openSource } from './fragment-source.js';
import type { StoredCapture } from './fragment-log.store.js';

export { Timeline } from '../../mp4/hybrid/timeline.js';

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

/** The fragments of a take with its init segment, byte by byte as they are stored, whatever they say. */
export async function* streamAsStored(take: Take<StoredCapture>): AsyncGenerator<Buffer> {
  yield take.capture.init.bytes;
  for await (const { bytes } of readFragments(take)) yield bytes;
}

/**
 * The fragments of a take that are whole and can be read, or null when there are none. Behind one that cannot, the pictures lean on what
 * is not there, up to the next key frame.
 */
export async function findReadable(take: Take<StoredCapture>): Promise<Take<StoredCapture> | null> {
  const fragments: StoredFragment[] = [];
  let isBroken = true;
  for (const fragment of take.fragments) {
    if (!(await isReadable(take.capture, fragment))) isBroken = true;
    else if (!isBroken || fragment.isSync) {
      isBroken = false;
      fragments.push(fragment);
    }
  }
  return fragments.length > 0 ? { ...take, fragments } : null;
}

async function isReadable(capture: StoredCapture, fragment: StoredFragment): Promise<boolean> {
  try {
    for await (const { bytes, moof } of readFragments({ capture, fragments: [fragment] }))
      return readFragmentTiming(moof, capture.init) !== null && bytes.length === fragment.sizeBytes;
    return false;
  } catch (error) {
    if (error instanceof Mp4Error || error instanceof TornFootage) return false;
    throw error;
  }
}

/** The first and the last `moof` of a take, as they are stored. */
export async function readOuterMoofs({ capture, fragments }: Take<StoredCapture>): Promise<[Buffer, Buffer]> {
  const source = openSource(capture);
  const read = async ({ segment, offset, moofBytes }: StoredFragment) => {
    const moof = Buffer.alloc(moofBytes);
    await source.read(segment, offset, moof);
    return moof;
  };
  try {
    return [await read(fragments[0]!), await read(fragments.at(-1)!)];
  } finally {
    await source.close();
  }
}

interface FragmentBytes {
  bytes: Buffer;
  /** The first part of `bytes`. */
  moof: Buffer;
  index: number;
}

async function* readFragments({
  capture,
  fragments,
}: Pick<Take<StoredCapture>, 'capture' | 'fragments'>): AsyncGenerator<FragmentBytes> {
  const source = openSource(capture);
  try {
    for (const [index, { segment, offset, sizeBytes, moofBytes }] of fragments.entries()) {
      const bytes = Buffer.allocUnsafe(sizeBytes);
      await source.read(segment, offset, bytes);
      yield { bytes, moof: bytes.subarray(0, moofBytes), index };
    }
  } finally {
    await source.close();
  }
}
