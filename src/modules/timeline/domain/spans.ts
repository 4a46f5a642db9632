import { clip, type Piece, type Shown } from '../../archive/index.js';
import type { Span } from '../../../schema/ledger.js';

/** Where footage lies: in the store; closed, on the disk of a recorder; in the segment that is being written. */
export const FOOTAGE_PLACES = ['stored', 'local', 'live'] as const;
export type FootagePlace = (typeof FOOTAGE_PLACES)[number];

export interface PlacedPiece extends Piece {
  place: FootagePlace;
  configDigest: string;
  /** Of what falls in the range that was asked for. */
  sizeBytes: number;
}

/** Footage without a gap, at one place and with one description of its streams. */
export interface FootageSpan extends Span {
  place: FootagePlace;
  configDigest: string;
  sizeBytes: number;
}

/** The spans of a range, in order. @param joinMs gaps that are shorter end none */
export function listSpans(shown: readonly Shown<PlacedPiece>[], range: Span, joinMs = 0): FootageSpan[] {
  const spans: FootageSpan[] = [];
  for (const piece of clip(shown, range)) {
    const { shownFromMs, shownToMs, place, configDigest } = piece;
    const sizeBytes = shownBytes(piece, range);
    const last = spans.at(-1);
    const goesOn = last && (shownFromMs === last.endMs || shownFromMs - last.endMs < joinMs);
    if (goesOn && last.place === place && last.configDigest === configDigest) {
      last.endMs = shownToMs;
      last.sizeBytes += sizeBytes;
    } else spans.push({ startMs: shownFromMs, endMs: shownToMs, place, configDigest, sizeBytes });
  }
  return spans;
}

/** How long footage covers a range. */
export function coveredMs(shown: readonly Shown<Piece>[], range: Span): number {
  return clip(shown, range).reduce((sum, { shownFromMs, shownToMs }) => sum + shownToMs - shownFromMs, 0);
}

/** Of a segment's bytes, what falls in a range, by the share of its time. */
export function bytesIn({ startMs, endMs, sizeBytes }: Span & { sizeBytes: number }, range: Span): number {
  const insideMs = Math.min(endMs, range.endMs) - Math.max(startMs, range.startMs);
  return insideMs <= 0 ? 0 : Math.round((sizeBytes * insideMs) / (endMs - startMs));
}

/** What another capture has shown already is not counted again. */
function shownBytes({ sizeBytes, startMs, endMs, shownFromMs, shownToMs }: Shown<PlacedPiece>, range: Span): number {
  const insideMs = Math.min(endMs, range.endMs) - Math.max(startMs, range.startMs);
  const shownMs = Math.min(endMs, shownToMs) - shownFromMs;
  return insideMs <= 0 ? 0 : Math.round(sizeBytes * Math.min(1, shownMs / insideMs));
}
