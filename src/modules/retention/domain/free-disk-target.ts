const GIB = 1024 ** 3;
/** Of the disk: what is written while the oldest goes must not reach the hard stop. */
const SHARE = 0.05;
/** More than that is room lost, on a large disk. */
const MOST_BYTES = 50 * GIB;

/**
 * How many bytes of a disk are to be free where nobody said it. Well above the hard stop; 0, which is never too few, where there is none:
 * whoever switches the hard stop off wants the whole disk. Never more than half of the disk, which could not stay free.
 */
export function freeDiskTarget(totalBytes: number, minFreeDiskBytes: number): number {
  if (minFreeDiskBytes === 0) return 0;
  return Math.min(Math.max(Math.min(totalBytes * SHARE, MOST_BYTES), 2 * minFreeDiskBytes), totalBytes / 2);
}
