const MIB = 1024 ** 2;
/** An object has 10,000 parts at most; a tenth stays free for footage that is sent again after an upload was lost. */
const PLANNED_PARTS = 9_000;
/** What cameras send at most, by far: 20 Mbit/s. */
const MOST_BYTES_PER_SEC = 2_500_000;

/**
 * The size of the parts of a recording that may last so long: whole MiB, and not less than `leastBytes`. At the usual 5 MiB, an object can
 * hold 48 GiB, which a fast camera fills in five hours.
 */
export function planPartSize(leastBytes: number, longestMs: number): number {
  const neededBytes = ((longestMs / 1_000) * MOST_BYTES_PER_SEC) / PLANNED_PARTS;
  return Math.max(leastBytes, Math.ceil(neededBytes / MIB) * MIB);
}
