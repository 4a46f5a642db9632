import type { StreamRun, StreamSegment } from '../../../schema/stream-index.js';
import type { CaptureFootage, StoredFragment, Take } from './footage.js';

/** Fragments in a row, from a key frame to the next one: what a player loads at once. */
export interface SegmentGroup {
  /** `{captureId}-{start in the capture, whole ms}`. */
  id: string;
  fragments: StoredFragment[];
  /** On the clock of the capture. */
  startMs: number;
  durationMs: number;
  sizeBytes: number;
  /** In the object, when that is known. */
  offset?: number;
  /** Belongs to the group before it, whose bytes lie elsewhere in the object: it begins with no key frame. */
  continues?: true;
}

/** A silent box may lie between two fragments (hybrid-mp4): players skip it. */
const MAX_BETWEEN_BYTES = 32;

type CaptureFragments = Pick<Take, 'fragments'> & { capture: Pick<CaptureFootage, 'captureId'> };

/** Names a fragment, and the group that begins with it. */
export function segmentId(captureId: string, { startMs }: Pick<StoredFragment, 'startMs'>): string {
  return `${captureId}-${Math.round(startMs)}`;
}

/**
 * Groups the fragments of a take, which begins with a key frame.
 * @param offsets where each fragment lies in the object: a group is cut where its bytes are not in a row there
 */
export function groupSegments(
  { capture: { captureId }, fragments }: CaptureFragments,
  offsets?: readonly number[],
): SegmentGroup[] {
  const groups: SegmentGroup[] = [];
  for (const [index, fragment] of fragments.entries()) {
    const offset = offsets?.[index];
    const group = groups.at(-1);
    const skippedBytes =
      offset === undefined || group?.offset === undefined ? 0 : offset - group.offset - group.sizeBytes;
    const isInRow = skippedBytes >= 0 && skippedBytes <= MAX_BETWEEN_BYTES;
    if (group && !fragment.isSync && isInRow) {
      group.fragments.push(fragment);
      group.sizeBytes += skippedBytes + fragment.sizeBytes;
      group.durationMs = fragment.startMs + fragment.durationMs - group.startMs;
      continue;
    }
    const { startMs, durationMs, sizeBytes } = fragment;
    groups.push({
      ...{ id: segmentId(captureId, fragment), fragments: [fragment], startMs, durationMs, sizeBytes },
      ...(offset === undefined ? {} : { offset }),
      ...(group && !fragment.isSync ? { continues: true as const } : {}),
    });
  }
  return groups;
}

/**
 * A take as the index of its object has it.
 * @param init index of its init segment
 * @param offsets where each fragment lies in the object
 */
export function indexRun(take: Take, init: number, offsets: readonly number[]): StreamRun {
  const segments = groupSegments(take, offsets).map(
    ({ id, sizeBytes, startMs, durationMs, offset = 0, continues }): StreamSegment => ({
      ...{ id, offset, sizeBytes, startAtMs: take.capture.epochMs + startMs, durationMs },
      ...(continues ? { continues } : {}),
    }),
  );
  return { init, segments };
}

/**
 * The takes of a recording that began with a certain fragment. Where a capture lies on the wall clock is still being found out in its
 * first seconds, so that the same range may cover a key frame more or less a moment later; what was shown once must stay.
 * @param firstFragment its name by `segmentId`; null, or of footage that is not there: the takes as they are
 */
export function beginWith<C extends CaptureFootage>(
  takes: readonly Take<C>[],
  firstFragment: string | null,
): Take<C>[] {
  const index = takes.findIndex(({ capture }) => firstFragment?.startsWith(`${capture.captureId}-`));
  const take = takes[index];
  if (!take || firstFragment === null) return [...takes];
  const { capture, span } = take;
  const atMs = Number(firstFragment.slice(capture.captureId.length + 1));
  const end = capture.fragments.indexOf(take.fragments.at(-1)!) + 1;
  const named = capture.fragments.findLastIndex(({ startMs }) => Math.round(startMs) <= atMs);
  const start = capture.fragments.findLastIndex(({ isSync }, at) => isSync && at <= named);
  const fragments = capture.fragments.slice(Math.max(start, 0), end);
  const [first] = fragments;
  if (!first) return [...takes];
  const pinned = { capture, fragments, span: { ...span, startMs: capture.epochMs + first.startMs } };
  return [pinned, ...takes.slice(index + 1)];
}
