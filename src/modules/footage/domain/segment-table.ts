import type { FragmentTiming } from '../../../mp4/fragment.js';
import { formatSegmentName, parseSegmentName, segmentKindOf } from './segment-name.js';

/**
 * A segment to which nothing is added any more, without its fragments. Times are milliseconds on the media clock of its capture as its
 * `moof`s have them: what the capture's anchors make of them may still change.
 */
export interface SealedSegment {
  segment: string;
  /** Where what is whole of it ends: its fragments, and its tail if it has one. */
  sizeBytes: number;
  /** Of its first fragment. */
  startMs: number;
  /** So long before that, pictures may be shown that lean on its first fragment. */
  leanMs: number;
  /** Of its last fragment. */
  lastStartMs: number;
  lastDurationMs: number;
}

export type SegmentFigures = Omit<SealedSegment, 'segment'>;

/** The descriptor of a segment, from its fragments as they were read; null when it has none. */
export function describeSegment(
  segment: string,
  timings: readonly Pick<FragmentTiming, 'startMs' | 'durationMs' | 'leanMs'>[],
  sizeBytes: number,
): SealedSegment | null {
  const [first, last] = [timings[0], timings.at(-1)];
  if (!first || !last) return null;
  const { startMs, leanMs = 0 } = first;
  return { segment, sizeBytes, startMs, leanMs, lastStartMs: last.startMs, lastDurationMs: last.durationMs };
}

/** Number, digits of the name (below zero where it ends in `.m4s`), and the five figures of a segment. */
const COLUMNS = 7;
const FIRST_ROWS = 16;

/**
 * The sealed segments of one capture in the order of their numbers: 56 bytes each, however many fragments they hold. A log of months stays
 * in memory as this and nothing else.
 */
export class SegmentTable {
  length = 0;
  private cells = new Float64Array(FIRST_ROWS * COLUMNS);

  static of(segments: readonly SealedSegment[]): SegmentTable {
    const table = new SegmentTable();
    for (const segment of segments) table.push(segment);
    return table;
  }

  /** Bytes that it takes. */
  get memoryBytes(): number {
    return this.cells.byteLength;
  }

  *names(): Generator<string> {
    for (let index = 0; index < this.length; index += 1) yield this.nameAt(index);
  }

  /** Its number must be higher than those before it. */
  push(segment: SealedSegment): void {
    if (this.length * COLUMNS === this.cells.length) this.resize(this.length + (this.length >> 2));
    this.length += 1;
    this.write(this.length - 1, segment);
  }

  at(index: number): SealedSegment {
    return { segment: this.nameAt(index), ...this.figuresAt(index) };
  }

  nameAt(index: number): string {
    const [number, digits] = [this.cells[index * COLUMNS]!, this.cells[index * COLUMNS + 1]!];
    return formatSegmentName(number, Math.abs(digits), digits < 0 ? 'm4s' : 'mp4');
  }

  /** Without the name, which takes longer than all the rest. */
  figuresAt(index: number): SegmentFigures {
    const { cells } = this;
    const row = index * COLUMNS;
    return {
      sizeBytes: cells[row + 2]!,
      startMs: cells[row + 3]!,
      leanMs: cells[row + 4]!,
      lastStartMs: cells[row + 5]!,
      lastDurationMs: cells[row + 6]!,
    };
  }

  /** Where a segment stands, or -1. */
  indexOf(segment: string): number {
    const number = parseSegmentName(segment) ?? NaN;
    const index = lowest(this.length, (at) => this.cells[at * COLUMNS]! >= number);
    return index < this.length && this.nameAt(index) === segment ? index : -1;
  }

  /** Puts a descriptor in the place of the one that the segment has. */
  replace(segment: SealedSegment): void {
    const index = this.indexOf(segment.segment);
    if (index >= 0) this.write(index, segment);
  }

  remove(segments: readonly string[]): void {
    const gone = new Set(segments.map((segment) => this.indexOf(segment)));
    gone.delete(-1);
    if (gone.size === 0) return;
    let kept = 0;
    for (let index = 0; index < this.length; index += 1) {
      if (gone.has(index)) continue;
      this.cells.copyWithin(kept * COLUMNS, index * COLUMNS, (index + 1) * COLUMNS);
      kept += 1;
    }
    this.length = kept;
    if (this.cells.length > 4 * Math.max(kept, FIRST_ROWS) * COLUMNS) this.resize(Math.max(kept * 2, FIRST_ROWS));
  }

  private write(index: number, { segment, ...figures }: SealedSegment): void {
    const { sizeBytes, startMs, leanMs, lastStartMs, lastDurationMs } = figures;
    const digits = segment.indexOf('.') * (segmentKindOf(segment) === 'm4s' ? -1 : 1);
    const number = parseSegmentName(segment)!;
    this.cells.set([number, digits, sizeBytes, startMs, leanMs, lastStartMs, lastDurationMs], index * COLUMNS);
  }

  private resize(rows: number): void {
    const cells = new Float64Array(rows * COLUMNS);
    cells.set(this.cells.subarray(0, this.length * COLUMNS));
    this.cells = cells;
  }
}

/** The lowest index below `count` of which `holds` is true, if it is true of all behind the first one; else `count`. */
export function lowest(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
