/** A stretch of the wall clock, milliseconds since the epoch; half-open. */
interface Stretch {
  startMs: number;
  endMs: number;
}

/** Whether anything of a segment is wanted in the archive. @param periods of its camera */
export function isWanted(segment: Stretch, periods: readonly Stretch[]): boolean {
  return periods.some(({ startMs, endMs }) => startMs < segment.endMs && endMs > segment.startMs);
}
