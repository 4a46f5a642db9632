/** A stretch of footage that goes, milliseconds since the epoch; half-open. */
export interface Stretch {
  startMs: number;
  endMs: number;
  sizeBytes: number;
}

/** Segments that follow each other are one stretch: between two of one capture lie a few milliseconds, between two captures a second. */
export const JOINT_MS = 1_000;

/** Joins what touches or overlaps, or nearly does. */
export function mergeStretches(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const next of [...stretches].sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last && next.startMs - last.endMs <= JOINT_MS) {
      last.endMs = Math.max(last.endMs, next.endMs);
      last.sizeBytes += next.sizeBytes;
    } else merged.push({ ...next });
  }
  return merged;
}
