import { applyAnchors, type SegmentTail, type StoredFragment } from '../../footage/index.js';

/** A segment of a capture, and its tail. */
export interface ReadSegment {
  /** Of its object. */
  key: string;
  captureKey: string;
  /** In its capture. */
  number: number;
  tail: Pick<SegmentTail, 'clock'> & { entries: readonly Pick<SegmentTail['entries'][number], 'fragment'>[] };
}

/** Segments of one capture without one missing between them. */
export interface ArchivedRun {
  /** The capture's name in the log, and, where segments before it are missing, the number of its first one. */
  id: string;
  captureKey: string;
  epochMs: number;
  /** With the key of its object as the name of its segment; times are those of the wall clock, less `epochMs`. */
  fragments: StoredFragment[];
}

/**
 * Puts segments of a camera together again, as far as they were one piece. A capture of which segments are gone becomes several runs, since
 * what is taken out of one is one stretch of time without a hole. Each tail has the clock as it was known when its segment was closed.
 * @param segments in any order
 */
export function placeRuns(segments: readonly ReadSegment[]): ArchivedRun[] {
  const sorted = [...segments].sort((a, b) => compare(a.captureKey, b.captureKey) || a.number - b.number);
  const runs: ArchivedRun[] = [];
  let before: ReadSegment | null = null;
  for (const segment of sorted) {
    const { captureKey, number, tail } = segment;
    const goesOn = before?.captureKey === captureKey && before.number + 1 === number;
    if (!goesOn) {
      const id = before?.captureKey === captureKey ? `${captureKey}-r${number}` : captureKey;
      runs.push({ id, captureKey, epochMs: tail.clock.epochMs, fragments: [] });
    }
    const run = runs.at(-1)!;
    run.fragments.push(...fragmentsOf(segment, run.epochMs));
    before = segment;
  }
  return runs;
}

function fragmentsOf({ key, tail: { clock, entries } }: ReadSegment, epochMs: number): StoredFragment[] {
  const laterMs = clock.epochMs - epochMs;
  return entries.map(({ fragment }) => moved(applyAnchors({ ...fragment, segment: key }, clock.anchors), laterMs));
}

function moved(fragment: StoredFragment, ms: number): StoredFragment {
  if (ms === 0) return fragment;
  const later = { ...fragment, startMs: fragment.startMs + ms };
  if (!fragment.longStills) return later;
  return { ...later, longStills: fragment.longStills.map((still) => ({ ...still, startMs: still.startMs + ms })) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
