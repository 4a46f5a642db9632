import type { CaptureFootage } from '../../footage/index.js';

/** The ring of a camera: footage that is kept for the pre-roll of recordings that are not wanted yet. */
export interface RingLimits {
  /** Wall clock; older footage is not in the ring. */
  fromMs: number;
  maxBytes: number;
}

/**
 * Where the ring of one camera begins.
 * @param captures of that camera
 * @returns the earliest instant at or after `fromMs` from which on the footage is no more than `maxBytes`
 */
export function planRingStart(captures: readonly CaptureFootage[], { fromMs, maxBytes }: RingLimits): number {
  const newestFirst = captures
    .flatMap(({ epochMs, fragments }) =>
      fragments.map(({ startMs, durationMs, sizeBytes }) => ({
        startMs: epochMs + startMs,
        endMs: epochMs + startMs + durationMs,
        sizeBytes,
      })),
    )
    .filter(({ endMs }) => endMs > fromMs)
    .sort((a, b) => b.startMs - a.startMs);
  let bytes = 0;
  for (const { endMs, sizeBytes } of newestFirst) {
    bytes += sizeBytes;
    if (bytes > maxBytes) return endMs;
  }
  return fromMs;
}
