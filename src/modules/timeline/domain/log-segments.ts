import type { Piece, PlacedGop } from '../../archive/index.js';
import { OWNER_BYTES, parseSegmentName, segmentKindOf, type StoredFragment } from '../../footage/index.js';

/** What is read of a capture in a log. */
export interface CaptureInLog {
  captureId: string;
  configDigest: string;
  /** Wall-clock instant of its media time 0. */
  epochMs: number;
  /** Null while it runs. */
  endedAtMs: number | null;
  init: { bytes: { length: number } };
  fragments: readonly StoredFragment[];
}

/** A segment in a log that has no row yet. It holds whole groups of pictures: the one that is being written is no part of it. */
export interface LogSegment extends Piece {
  number: number;
  configDigest: string;
  initBytes: number;
  /** Of its groups of pictures. */
  sizeBytes: number;
  gops: PlacedGop[];
  /** Whether more of it may come. */
  isOpen: boolean;
}

/**
 * The segments of a capture as the index will have them: instants are whole milliseconds, and the silent frame that stands before a fragment
 * belongs to its group. A group ends where the next one begins, so the last one of a capture that runs on is left out.
 */
export function segmentsInLog(capture: CaptureInLog): LogSegment[] {
  const names = [...new Set(capture.fragments.map(({ segment }) => segment))].filter(
    (name) => segmentKindOf(name) === 'mp4',
  );
  return names.flatMap((name, index) => {
    const isOpen = index === names.length - 1 && capture.endedAtMs === null;
    const fragments = capture.fragments.filter(({ segment }) => segment === name);
    return toSegment(capture, fragments, isOpen) ?? [];
  });
}

function toSegment(capture: CaptureInLog, all: readonly StoredFragment[], isOpen: boolean): LogSegment | null {
  const lastKey = all.findLastIndex(({ isSync }) => isSync);
  const fragments = isOpen ? all.slice(0, Math.max(0, lastKey)) : all;
  const [first, last] = [fragments[0], fragments.at(-1)];
  if (!first || !last) return null;
  const number = parseSegmentName(first.segment)!;
  const atMs = (ms: number) => Math.round(capture.epochMs + ms);
  const next = all[fragments.length];
  const [startMs, endMs] = [atMs(first.startMs), atMs(next?.startMs ?? last.startMs + last.durationMs)];
  if (endMs <= startMs) return null;
  const initBytes = capture.init.bytes.length;
  const gops = groupFragments(fragments, { headBytes: initBytes + OWNER_BYTES, startMs, endMs, atMs });
  const stepMs =
    (endMs - startMs) /
    Math.max(
      1,
      fragments.reduce((sum, { frames }) => sum + frames, 0),
    );
  return {
    ...{
      captureKey: capture.captureId,
      configDigest: capture.configDigest,
      initBytes,
      number,
      startMs,
      endMs,
      gops,
      isOpen,
    },
    ...{ firstNumber: number, lastNumber: number, firstStepMs: stepMs, lastStepMs: stepMs },
    sizeBytes: gops.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

interface Placing {
  /** Where the first group begins. */
  headBytes: number;
  startMs: number;
  endMs: number;
  atMs: (ms: number) => number;
}

function groupFragments(
  fragments: readonly StoredFragment[],
  { headBytes, startMs, endMs, atMs }: Placing,
): PlacedGop[] {
  const gops: PlacedGop[] = [];
  let offset = headBytes;
  for (const [index, fragment] of fragments.entries()) {
    const untilByte = fragment.offset + fragment.sizeBytes;
    const last = gops.at(-1);
    if (last && !fragment.isSync) last.sizeBytes = untilByte - last.offset;
    else {
      const gopStartMs = index === 0 ? 0 : atMs(fragment.startMs) - startMs;
      gops.push({ offset, sizeBytes: untilByte - offset, startMs: gopStartMs, durationMs: 0 });
    }
    offset = untilByte;
  }
  return gops.map((gop, index) => ({
    ...gop,
    durationMs: (gops[index + 1]?.startMs ?? endMs - startMs) - gop.startMs,
  }));
}
