import type { FrameRange } from '../sent-ranges.js';

interface Span extends FrameRange {
  /** Frames of the set before it. */
  before: number;
}

/** A set of frame numbers as ranges, which says quickly how many of them lie between two numbers. */
export class FrameSet {
  private readonly spans: Span[] = [];
  readonly size: number;

  constructor(ranges: readonly FrameRange[]) {
    let size = 0;
    for (const { firstFrame, lastFrame } of [...ranges].sort((a, b) => a.firstFrame - b.firstFrame)) {
      const previous = this.spans.at(-1);
      const from = Math.max(firstFrame, (previous?.lastFrame ?? -Infinity) + 1);
      if (from > lastFrame) continue;
      if (previous?.lastFrame === from - 1) previous.lastFrame = lastFrame;
      else this.spans.push({ firstFrame: from, lastFrame, before: size });
      size += lastFrame - from + 1;
    }
    this.size = size;
  }

  get firstFrame(): number | undefined {
    return this.spans[0]?.firstFrame;
  }

  get lastFrame(): number | undefined {
    return this.spans.at(-1)?.lastFrame;
  }

  get ranges(): FrameRange[] {
    return this.spans.map(({ firstFrame, lastFrame }) => ({ firstFrame, lastFrame }));
  }

  has(frame: number): boolean {
    return this.count(frame, frame) === 1;
  }

  /** How many frames of the set are from `first` to `last`, both included. */
  count(first: number, last: number): number {
    return first > last ? 0 : this.countUpTo(last) - this.countUpTo(first - 1);
  }

  /** How many frames of the set are not after `frame`. */
  countUpTo(frame: number): number {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.spans[middle]?.firstFrame ?? Infinity) <= frame) low = middle + 1;
      else high = middle;
    }
    const span = this.spans[low - 1];
    return span ? span.before + Math.min(frame, span.lastFrame) - span.firstFrame + 1 : 0;
  }
}

/** The numbers, each once, as a set. */
export function frameSetOf(frames: Iterable<number>): FrameSet {
  return new FrameSet(Array.from(frames, (frame) => ({ firstFrame: frame, lastFrame: frame })));
}
