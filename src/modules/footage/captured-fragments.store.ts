import type { LoggedCapture, StoredCapture } from './capture-files.store.js';
import type { ClosedSegments } from './closed-segments.store.js';
import { applyAnchors } from './domain/capture-clock.js';
import type { SegmentChoice } from './domain/segment-choice.js';
import type { SealedSegment } from './domain/segment-table.js';
import { orNull } from './files.store.js';
import type { ScannedSegment } from './segment-scan.store.js';

/** Told when a segment holds something else than its descriptor says. */
export type OnChanged = (capture: LoggedCapture, sealed: SealedSegment, scanned: ScannedSegment) => void;

/**
 * Reads the fragments of chosen segments into captures of an index that may grow and shrink meanwhile.
 * @param captures the live index
 * @param use is called with all that was chosen, at a moment at which nothing more of it is in the index; what it returns is the answer
 */
export async function withFragments<T>(
  captures: readonly LoggedCapture[],
  { choose, closed, onChanged }: { choose: SegmentChoice; closed: ClosedSegments; onChanged?: OnChanged },
  use: (captures: StoredCapture[]) => T,
): Promise<T> {
  const read = new Map<LoggedCapture, Map<string, ScannedSegment>>();
  for (;;) {
    const missing = captures.flatMap((capture) => missingOf(capture, choose, read.get(capture)));
    if (missing.length === 0) return use(captures.map((capture) => assemble(capture, choose, read.get(capture))));
    for (const { capture, sealed } of missing) {
      const known = read.get(capture) ?? new Map<string, ScannedSegment>();
      read.set(capture, known);
      // One that has been deleted since is not in the index any more.
      const scanned = await orNull(closed.scan(capture.dir, sealed.segment, capture.init));
      known.set(sealed.segment, scanned ?? { fragments: [], wholeBytes: 0, tornBytes: 0, isSealed: false });
      if (scanned && scanned.wholeBytes !== sealed.sizeBytes) onChanged?.(capture, sealed, scanned);
    }
  }
}

function missingOf(
  capture: LoggedCapture,
  choose: SegmentChoice,
  read: ReadonlyMap<string, ScannedSegment> | undefined,
): { capture: LoggedCapture; sealed: SealedSegment }[] {
  const { sealed } = capture;
  return choose(capture)
    .filter((index) => index < sealed.length)
    .map((index) => ({ capture, sealed: sealed.at(index) }))
    .filter(({ sealed: { segment } }) => !read?.has(segment));
}

/** What a capture says of itself is passed on as it changes; its fragments are those of now. */
function assemble(
  capture: LoggedCapture,
  choose: SegmentChoice,
  read: ReadonlyMap<string, ScannedSegment> | undefined,
): StoredCapture {
  const { sealed, open, anchors = [], captureId, cameraId, dir, init, configDigest } = capture;
  const fragments = choose(capture).flatMap((index) => {
    if (index === sealed.length) return open;
    const { fragments: found } = read!.get(sealed.at(index).segment)!;
    return found.map((fragment) => applyAnchors(fragment, anchors));
  });
  return {
    ...{ captureId, cameraId, dir, init, configDigest, fragments },
    get epochMs() {
      return capture.epochMs;
    },
    get anchors() {
      return capture.anchors ?? [];
    },
    get endedAtMs() {
      return capture.endedAtMs;
    },
    get endCause() {
      return capture.endCause;
    },
  };
}
