export type DiskState = 'ok' | 'low';

export interface DiskReading {
  /** What an ordinary process may still write. */
  freeBytes: number;
  /** Size of the whole disk. */
  totalBytes: number;
}

const MIB = 1024 ** 2;

/**
 * With how much free space a disk that was too full is good again, in bytes. It is more than the minimum, else recordings would stop and start
 * with every file that is written or deleted: a tenth of the minimum or 64 MiB, a minute of a camera at 8 Mbit/s. On a disk that is hardly larger
 * than the minimum it is an eighth of what lies above that, so that an empty disk is always good.
 */
export function resumeBytes(totalBytes: number, minFreeBytes: number): number {
  const marginBytes = Math.max(minFreeBytes / 10, 64 * MIB);
  return minFreeBytes + Math.floor(Math.min(marginBytes, Math.max(0, totalBytes - minFreeBytes) / 8));
}

/** The state after a look at the disk: low below the minimum, ok from `resumeBytes` on, as before in between. */
export function nextDiskState(
  state: DiskState,
  { freeBytes, totalBytes }: DiskReading,
  minFreeBytes: number,
): DiskState {
  if (freeBytes < minFreeBytes) return 'low';
  return freeBytes >= resumeBytes(totalBytes, minFreeBytes) ? 'ok' : state;
}
