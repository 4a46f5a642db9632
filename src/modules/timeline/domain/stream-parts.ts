import { CLOCK_STEP_MS, clip, type Piece, type PlacedGop, showFootage, type Shown } from '../../archive/index.js';
import type { Span } from '../../../schema/ledger.js';

/** Groups of pictures in a row in one segment: what a player loads at once. */
export interface StreamPart extends Span {
  captureKey: string;
  number: number;
  /** In the segment. */
  offset: number;
  sizeBytes: number;
}

/** A segment with its groups of pictures. */
export interface GroupedSegment extends Piece {
  number: number;
  gops: readonly PlacedGop[];
  /** Whether more of it may come. */
  isOpen: boolean;
}

/** Footage of one capture without a gap. */
export interface StreamRun<S extends GroupedSegment> {
  captureKey: string;
  parts: { part: StreamPart; segment: S }[];
}

/** How groups are joined to parts. The limits lie beside what cameras have as the distance of their key frames, so that rounding decides nothing. */
export const JOINING = {
  /** Of what is over: about six seconds. */
  whole: { atLeastMs: 5_370, isLive: false },
  /** Of what grows: about two, since a part is shown once it is whole. */
  live: { atLeastMs: 1_630, isLive: true },
} as const;
export type Joining = (typeof JOINING)[keyof typeof JOINING];

/**
 * What is played of a range: from the group that holds its first instant up to the one that holds its last. A run ends where the footage has a gap
 * or another capture goes on. In a live one nothing that was listed ever changes while footage is added: the last part of an open segment is left
 * out until it is long enough.
 */
export function planParts<S extends GroupedSegment>(
  segments: readonly S[],
  range: Span,
  { atLeastMs, isLive }: Joining,
): StreamRun<S>[] {
  // Where a range begins at an edge, a millisecond of rounding must not add the group before it once the segment has its row.
  const from = isLive ? { ...range, startMs: range.startMs + CLOCK_STEP_MS } : range;
  const runs: StreamRun<S>[] = [];
  let atMs = NaN;
  for (const shown of clip(showFootage(segments), from)) {
    const parts = joinGroups(placedGroups(shown), atLeastMs);
    const last = parts.at(-1);
    if (isLive && shown.isOpen && last && last.endMs - last.startMs < atLeastMs) parts.pop();
    if (parts.length > 0) {
      const run = runs.at(-1);
      const entries = parts.map((part) => ({ part, segment: shown }));
      if (run?.captureKey === shown.captureKey && shown.shownFromMs === atMs) run.parts.push(...entries);
      else runs.push({ captureKey: shown.captureKey, parts: entries });
    }
    atMs = shown.shownToMs;
  }
  return runs;
}

/** The part of a segment that has these bytes, if it is whole groups; null: it is none. */
export function partAt(
  segment: GroupedSegment,
  { offset, sizeBytes }: Pick<StreamPart, 'offset' | 'sizeBytes'>,
): StreamPart | null {
  const groups = groupsOf(segment);
  const first = groups.find((group) => group.offset === offset);
  const last = groups.find((group) => group.offset + group.sizeBytes === offset + sizeBytes);
  return first && last ? { ...first, sizeBytes, endMs: last.endMs } : null;
}

/** The name of a part in addresses: it says where its bytes lie in their segment, so it holds wherever the segment lies. */
export function formatPartName({ captureKey, number, offset, sizeBytes }: Omit<StreamPart, keyof Span>): string {
  return `${captureKey}-${number}-${offset}-${sizeBytes}`;
}

const NAME = /^(\d{1,15}-[0-9a-f]{1,16})-(\d{1,9})-(\d{1,12})-(\d{1,12})$/;

/** @returns null when it is no such name */
export function parsePartName(name: string): Omit<StreamPart, keyof Span> | null {
  const [, captureKey, number, offset, sizeBytes] = NAME.exec(name) ?? [];
  if (captureKey === undefined) return null;
  const part = { captureKey, number: Number(number), offset: Number(offset), sizeBytes: Number(sizeBytes) };
  return part.number > 0 && part.number <= MAX_INT32 && part.sizeBytes > 0 && formatPartName(part) === name
    ? part
    : null;
}

const MAX_INT32 = 2 ** 31 - 1;

/** Groups on the wall clock: none ends behind its segment, whatever their lengths add up to. */
function groupsOf({ captureKey, number, startMs, endMs, gops }: GroupedSegment): StreamPart[] {
  const startOf = (index: number) => Math.min(endMs, startMs + (gops[index]?.startMs ?? Infinity));
  return gops.map(({ offset, sizeBytes }, index) => ({
    ...{ captureKey, number, offset, sizeBytes, startMs: startOf(index), endMs: startOf(index + 1) },
  }));
}

/** Those that are shown; the last one of a segment lasts over the seam behind it. */
function placedGroups(shown: Shown<GroupedSegment>): StreamPart[] {
  const { shownFromMs, shownToMs, endMs } = shown;
  return groupsOf(shown)
    .map((group) => (group.endMs === endMs ? { ...group, endMs: Math.max(endMs, shownToMs) } : group))
    .filter((group) => group.endMs > shownFromMs && group.startMs < shownToMs);
}

function joinGroups(groups: readonly StreamPart[], atLeastMs: number): StreamPart[] {
  const parts: StreamPart[] = [];
  for (const group of groups) {
    const part = parts.at(-1);
    if (!part || part.endMs - part.startMs >= atLeastMs) {
      parts.push({ ...group });
      continue;
    }
    part.sizeBytes += group.sizeBytes;
    part.endMs = group.endMs;
  }
  return parts;
}
