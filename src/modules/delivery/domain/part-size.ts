const MIB = 1024 ** 2;
/** An object has 10,000 parts at most; a tenth stays free for footage that is sent again after an upload was lost. */
const PLANNED_PARTS = 9_000;
/** What cameras send at most, by far: 20 Mbit/s. */
const MOST_BYTES_PER_SEC = 2_500_000;
/** How fast the head of a file grows: the sizes of 25 pictures and 47 frames of sound a second take 288 bytes, and where they lie takes some more. */
const HEAD_BYTES_PER_SEC = 400;

/**
 * The part size for a recording of up to the given length: whole MiB, at least `leastBytes`. With the usual 5 MiB an object holds 48 GiB,
 * which a fast camera fills in five hours. The first part must hold the head: with 5 MiB it holds that of three and a half hours.
 */
export function planPartSize(leastBytes: number, longestMs: number): number {
  const longestSec = longestMs / 1_000;
  const mediaBytes = (longestSec * MOST_BYTES_PER_SEC) / PLANNED_PARTS;
  const headBytes = longestSec * HEAD_BYTES_PER_SEC;
  return Math.max(leastBytes, Math.ceil(Math.max(mediaBytes, headBytes) / MIB) * MIB);
}
