/** Half-open, wall clock in milliseconds. */
export interface Span {
  startMs: number;
  endMs: number;
}

export function lengthMs({ startMs, endMs }: Span): number {
  return Math.max(0, endMs - startMs);
}

export function overlapMs(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));
}

/** How far two spans lie apart; 0 when they touch. */
export function distanceMs(a: Span, b: Span): number {
  return Math.max(0, a.startMs - b.endMs, b.startMs - a.endMs);
}

/** Numbers that follow one another, as half-open ranges. */
export function rangesOf(numbers: Iterable<number>): { first: number; end: number }[] {
  const ranges: { first: number; end: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.end === number) last.end = number + 1;
    else ranges.push({ first: number, end: number + 1 });
  }
  return ranges;
}
