import { applyAnchors, type SegmentTail } from '../../footage/index.js';
import { encodeGops, type GopEntry } from './gop-index.js';
import type { FootageKey } from './footage-key.js';

/** What the index says of a segment, from its own bytes alone. */
export interface SegmentFacts extends FootageKey {
  sizeBytes: number;
  tailBytes: number;
  frames: number;
  /** `encodeGops`. */
  gops: Buffer;
}

/** How the bytes of a segment are shared out. */
export interface SegmentSize {
  /** Before the silent frame of its first fragment. */
  headBytes: number;
  tailBytes: number;
  /** All of it. */
  sizeBytes: number;
}

/**
 * Reads off a tail what the index needs. A segment begins on the wall clock where its first fragment does, and ends where its last one does,
 * each rounded to milliseconds: so a segment that follows another one begins where that one ends.
 * @throws RangeError when there is no fragment in it
 */
export function factsOf({ owner, clock, entries }: SegmentTail, size: SegmentSize): SegmentFacts {
  const { epochMs, anchors } = clock;
  const placed = entries.map(({ fragment }) => applyAnchors(fragment, anchors));
  const [first, last] = [placed[0], placed.at(-1)];
  if (!first || !last) throw new RangeError('a segment without fragments');
  const startMs = Math.round(epochMs + first.startMs);
  const endMs = Math.max(startMs + 1, Math.round(epochMs + last.startMs + last.durationMs));
  const { headBytes, tailBytes, sizeBytes } = size;
  const whole = { epochMs, endMs, headBytes, endBytes: sizeBytes - tailBytes };
  return {
    cameraId: owner.cameraId,
    captureKey: owner.captureId,
    number: owner.number,
    startMs,
    durationMs: endMs - startMs,
    frames: placed.reduce((sum, { frames }) => sum + frames, 0),
    gops: encodeGops(groupsOf(placed, whole)),
    sizeBytes,
    tailBytes,
  };
}

/** A group ends where the next one begins, and lies from the silent frame before its first fragment on. */
function groupsOf(
  fragments: readonly { startMs: number; offset: number; sizeBytes: number; isSync: boolean }[],
  { epochMs, endMs, headBytes, endBytes }: { epochMs: number; endMs: number; headBytes: number; endBytes: number },
): GopEntry[] {
  const begins = fragments.flatMap((fragment, index) => {
    const before = fragments[index - 1];
    if (before && !fragment.isSync) return [];
    const offset = before ? before.offset + before.sizeBytes : headBytes;
    return [{ offset, atMs: Math.round(epochMs + fragment.startMs) }];
  });
  return begins.map(({ offset, atMs }, index) => {
    const next = begins[index + 1];
    return { sizeBytes: (next?.offset ?? endBytes) - offset, durationMs: Math.max(0, (next?.atMs ?? endMs) - atMs) };
  });
}
