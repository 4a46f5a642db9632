import type { SegmentState } from '../../schema/footage.entity.js';
import { OWNER_BYTES } from '../footage/index.js';
import type { Piece } from './domain/coverage.js';
import { formatFootageKey } from './domain/footage-key.js';
import { decodeGops, type PlacedGop } from './domain/gop-index.js';

/** Why a segment does not count as footage although it has a row: somebody put it in the trash, or its object is not in the store. */
export type Absence = 'trashed' | 'missing';

/** What all segments of a capture have in common. */
interface OfCapture {
  captureKey: string;
  /** Equal for captures whose fragments may stand in one file. */
  configDigest: string;
  /** So many bytes of each segment are its `ftyp` and `moov`. */
  initBytes: number;
}

/** A footage segment as its row has it. */
export interface IndexedSegment extends Piece, OfCapture {
  /** Of its object. */
  key: string;
  /** In its capture, from 1 on. */
  number: number;
  sizeBytes: number;
  frames: number;
  md5Hex: string;
  state: SegmentState;
  /** Whose disk has it while it is `local`. */
  nodeId: string | null;
  absence: Absence | null;
  gops: PlacedGop[];
}

/** Consecutive segments of one capture that are in one state at one place. */
export interface IndexedRun extends Piece, OfCapture {
  state: SegmentState;
  nodeId: string | null;
  absence: Absence | null;
  /** What of their sizes falls in the range that was asked for: of a segment that goes over its edge, by the share of its time. */
  sizeBytes: number;
}

/** The last row of a page. */
export interface SegmentPosition {
  startMs: number;
  captureKey: string;
}

/** A row as it is read. */
export interface SegmentRow extends OfCapture {
  cameraId: string;
  startAt: Date;
  endAt: Date;
  number: number;
  sizeBytes: string;
  frames: number;
  md5: Buffer;
  state: SegmentState;
  nodeId: string | null;
  absence: Absence | null;
  gops: Buffer;
}

/** The first or the last segment of a run. */
export interface RunEdge extends OfCapture {
  number: number;
  startMs: number;
  endMs: number;
  stepMs: number;
  state: SegmentState;
  nodeId: string | null;
  absence: Absence | null;
  begins: boolean;
  ends: boolean;
  totalBytes: number;
  ownBytes: number;
}

/** @param edges by capture and number; they come in pairs, but for runs of one segment */
export function toRuns(edges: readonly RunEdge[]): IndexedRun[] {
  const runs: IndexedRun[] = [];
  let first: RunEdge | null = null;
  for (const edge of edges) {
    if (edge.begins) first = edge;
    if (!edge.ends || !first) continue;
    const { captureKey, configDigest, initBytes, state, nodeId, absence } = edge;
    runs.push({
      ...{ captureKey, configDigest, initBytes, state, nodeId, absence },
      ...{ startMs: first.startMs, endMs: edge.endMs, firstStepMs: first.stepMs, lastStepMs: edge.stepMs },
      ...{ firstNumber: first.number, lastNumber: edge.number },
      sizeBytes: Math.round(edge.totalBytes - first.totalBytes + first.ownBytes),
    });
  }
  return runs;
}

export function toSegment(row: SegmentRow): IndexedSegment {
  const { cameraId, startAt, endAt, number, captureKey, configDigest, initBytes, frames, state, nodeId, absence } = row;
  const [startMs, endMs] = [startAt.getTime(), endAt.getTime()];
  const stepMs = (endMs - startMs) / Math.max(frames, 1);
  return {
    ...{ captureKey, configDigest, initBytes, frames, state, nodeId, absence, number, startMs, endMs },
    ...{ firstNumber: number, lastNumber: number, firstStepMs: stepMs, lastStepMs: stepMs },
    key: formatFootageKey({ cameraId, startMs, durationMs: endMs - startMs, captureKey, number }),
    sizeBytes: Number(row.sizeBytes),
    md5Hex: row.md5.toString('hex'),
    gops: decodeGops(row.gops, initBytes + OWNER_BYTES),
  };
}
