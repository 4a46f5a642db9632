import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoredFragment, type Take, usualStepMs } from '../domain/footage.js';
import { numberFragment, readFragmentExtent, readFragmentTiming, shiftFragment } from '../domain/mp4/fragment.js';
import { cutUnfinishedOrder } from '../domain/mp4/fragment-repair.js';
import { type Rhythm, untilNextBeat } from '../domain/rhythm.js';
import type { StoredCapture } from './fragment-log.store.js';

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
  for (const { capture, fragments } of takes) {
    const { init } = capture;
    let shiftMs: number | null = null;
    let before: Buffer | null = null;
    for await (const { bytes, moof, isLast } of readFragments(capture, fragments)) {
      shiftMs ??= timeline.place({ capture, fragments }, moof);
      shiftFragment(moof, init, shiftMs);
      if (isLast) timeline.end({ capture, fragments }, moof);
      if (isLast && cutUnfinishedOrder(moof, init, before) === 0) continue;
      numberFragment(moof, (sequence += 1));
      before = moof;
      yield bytes;
    }
  }
}

/** Where takes stand in a file: each is placed by its first `moof` and ended by its last one, in order. */
export class Timeline {
  private originMs: number | null = null;
  private endMs = 0;
  private rhythm: Rhythm | null = null;

  /** @returns how far the take must be moved, seen from its first fragment */
  place(
    { capture: { init, epochMs }, fragments }: Pick<Take<StoredCapture>, 'capture' | 'fragments'>,
    moof: Buffer,
  ): number {
    const { startMs } = readFragmentExtent(moof, init);
    const video = readFragmentTiming(moof, init);
    const driftMs = video ? fragments[0]!.startMs - video.startMs : 0;
    const takenMs = epochMs + startMs + driftMs;
    this.originMs ??= takenMs;
    const shiftMs = Math.max(takenMs - this.originMs, this.endMs) - startMs;
    if (!this.rhythm || !video) return shiftMs;
    // The very first frames of a capture may be out of step; those behind the first fragment are not.
    const beatMs = fragments.length > 1 ? video.startMs + video.durationMs : video.startMs;
    return shiftMs + untilNextBeat(this.rhythm, beatMs + shiftMs);
  }

  /** @param moof the last one of the take, in its place */
  end({ capture: { init }, fragments }: Pick<Take<StoredCapture>, 'capture' | 'fragments'>, moof: Buffer): void {
    this.endMs = readFragmentExtent(moof, init).endMs;
    const [stepMs, video] = [usualStepMs(fragments), readFragmentTiming(moof, init)];
    this.rhythm = stepMs && video ? { beatMs: video.startMs, stepMs } : null;
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
