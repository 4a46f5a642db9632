import { SEAM_STEPS, type Span } from '../../../schema/ledger.js';

/** Consecutive segments of one capture, or one of them: what is known of its edges. Half-open, whole milliseconds since the epoch. */
export interface Piece extends Span {
  captureKey: string;
  firstNumber: number;
  lastNumber: number;
  /** From picture to picture, at its start and at its end. */
  firstStepMs: number;
  lastStepMs: number;
}

/** A piece, and what of it is shown: less than there is where another capture was there before. */
export type Shown<P extends Piece> = P & { shownFromMs: number; shownToMs: number };

/** Clocks of cameras are followed in smaller steps than this, so segments of a capture may lie so far apart although no picture is missing. */
export const CLOCK_STEP_MS = 50;
/** What rounding to milliseconds makes of two edges. */
export const ROUNDING_MS = 1;
/** No camera is so slow that a longer hole is none. Whoever reads so much around a range finds every seam at its edges. */
export const MAX_SEAM_MS = 10_000;

/**
 * What is shown of footage, in order of time, nothing twice: of two captures that overlap, the one that began first goes on to its end, and
 * the other one begins there. A hole of no more than a picture is a seam: what stands before it lasts until what comes next.
 */
export function showFootage<P extends Piece>(pieces: readonly P[]): Shown<P>[] {
  const shown: Shown<P>[] = [];
  let untilMs = -Infinity;
  for (const chain of chainsOf(pieces)) {
    const fromMs = untilMs;
    for (const piece of chain) {
      const shownFromMs = Math.max(piece.startMs, fromMs, shown.at(-1)?.shownToMs ?? fromMs);
      if (piece.endMs <= shownFromMs) continue;
      shown.push({ ...piece, shownFromMs, shownToMs: piece.endMs });
      untilMs = Math.max(untilMs, piece.endMs);
    }
  }
  return shown.map((piece, index) => {
    const next = shown[index + 1];
    return next && isSeam(piece, next, next.shownFromMs - piece.endMs)
      ? { ...piece, shownToMs: next.shownFromMs }
      : piece;
  });
}

/** The parts of shown footage that lie in a range. */
export function clip<P extends Piece>(shown: readonly Shown<P>[], range: Span): Shown<P>[] {
  return shown.flatMap((piece) => {
    const shownFromMs = Math.max(piece.shownFromMs, range.startMs);
    const shownToMs = Math.min(piece.shownToMs, range.endMs);
    return shownToMs > shownFromMs ? [{ ...piece, shownFromMs, shownToMs }] : [];
  });
}

/** What of a range no footage covers. */
export function holesIn(shown: readonly Shown<Piece>[], range: Span): Span[] {
  const holes: Span[] = [];
  let atMs = range.startMs;
  for (const { shownFromMs, shownToMs } of clip(shown, range)) {
    if (shownFromMs > atMs) holes.push({ startMs: atMs, endMs: shownFromMs });
    atMs = shownToMs;
  }
  if (range.endMs > atMs) holes.push({ startMs: atMs, endMs: range.endMs });
  return holes;
}

/** The footage of each run of a capture, in order of time. */
function chainsOf<P extends Piece>(pieces: readonly P[]): P[][] {
  const inCapture = [...pieces].sort(
    (a, b) => compare(a.captureKey, b.captureKey) || a.firstNumber - b.firstNumber || a.startMs - b.startMs,
  );
  const chains: P[][] = [];
  for (const piece of inCapture) {
    const chain = chains.at(-1);
    const last = chain?.at(-1);
    if (chain && last && follows(last, piece) && isSeam(last, piece, piece.startMs - last.endMs)) chain.push(piece);
    else chains.push([piece]);
  }
  return chains.sort((a, b) => a[0]!.startMs - b[0]!.startMs || compare(a[0]!.captureKey, b[0]!.captureKey));
}

function isSeam(before: Piece, after: Piece, holeMs: number): boolean {
  const stepsMs = SEAM_STEPS * Math.max(before.lastStepMs, after.firstStepMs);
  const mostMs = follows(before, after) ? Math.max(stepsMs, CLOCK_STEP_MS) : stepsMs;
  return holeMs <= Math.min(mostMs + ROUNDING_MS, MAX_SEAM_MS);
}

function follows(before: Piece, after: Piece): boolean {
  return before.captureKey === after.captureKey && after.firstNumber === before.lastNumber + 1;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
