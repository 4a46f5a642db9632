export type DiskState = 'ok' | 'low';

export interface DiskReading {
  /** What an ordinary process may still write. */
  freeBytes: number;
  /** Size of the whole disk. */
  totalBytes: number;
}

const MIB = 1024 ** 2;

/**
 * The free space from which on a full disk counts as good again, in bytes. It lies above the minimum, since else recordings would stop and
 * start with every file: by a tenth of the minimum or by 64 MiB (a minute of a camera at 8 Mbit/s), whichever is more. On a disk hardly
 * larger than the minimum it lies above it by an eighth of the rest, so that an empty disk is always good.
 */
export function resumeBytes(totalBytes: number, minFreeBytes: number): number {
  const marginBytes = Math.max(minFreeBytes / 10, 64 * MIB);
  return minFreeBytes + Math.floor(Math.min(marginBytes, Math.max(0, totalBytes - minFreeBytes) / 8));
}

/** The state after a look at the disk: low below the minimum, ok from `resumeBytes` on; in between it stays what it was. */
export function nextDiskState(
  state: DiskState,
  { freeBytes, totalBytes }: DiskReading,
  minFreeBytes: number,
): DiskState {
  if (freeBytes < minFreeBytes) return 'low';
  return freeBytes >= resumeBytes(totalBytes, minFreeBytes) ? 'ok' : state;
}
