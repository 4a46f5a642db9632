import { AppError } from '../../../common/errors.js';
import type { ByteRange } from './byte-range.js';

const MIB = 1024 ** 2;

/** https://developers.cloudflare.com/r2/platform/limits/ and the same in S3. */
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PARTS = 10_000;

interface SizedPart {
  /** From 1 on. */
  number: number;
  sizeBytes: number;
}

/**
 * Whether a part may be one of an object whose parts have `partSizeBytes`, as the last one at most.
 * @throws AppError `STORAGE.REJECTED`
 */
export function checkPart({ number, sizeBytes }: SizedPart, partSizeBytes: number): void {
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
    throw refused(`Parts have numbers from 1 to ${MAX_PARTS}, not ${number}.`);
  }
  if (!Number.isInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > partSizeBytes) {
    throw refused(`A part of this object has 1 to ${partSizeBytes} bytes, not ${sizeBytes}.`);
  }
}

/**
 * Whether a range of another object may be a part. Answers its size.
 * @throws AppError `STORAGE.REJECTED` as `checkPart`, `STORAGE.BAD_RANGE` (it does not begin at a byte)
 */
export function checkCopy(number: number, { start, end }: ByteRange, partSizeBytes: number): number {
  const sizeBytes = end - start + 1;
  checkPart({ number, sizeBytes }, partSizeBytes);
  if (!Number.isInteger(start) || start < 0) {
    throw new AppError({ code: 'STORAGE.BAD_RANGE', message: `A range begins at a byte from 0 on, not at ${start}.` });
  }
  return sizeBytes;
}

/**
 * Whether parts make an object, as R2 has it: 1 to n without a gap, and all as large as was announced but the last one, which may be smaller.
 * Answers the size of the object.
 * @throws AppError `STORAGE.REJECTED`
 */
export function checkParts(parts: readonly SizedPart[], partSizeBytes: number): number {
  if (parts.length === 0) throw refused('An object of parts has at least one.');
  for (const [index, part] of parts.entries()) {
    checkPart(part, partSizeBytes);
    if (part.number !== index + 1) throw refused(`Part ${part.number} stands where part ${index + 1} belongs.`);
    if (index < parts.length - 1 && part.sizeBytes !== partSizeBytes) {
      throw refused(
        `Part ${part.number} has ${part.sizeBytes} bytes; only the last one may differ from ${partSizeBytes}.`,
      );
    }
  }
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function refused(message: string): AppError {
  return new AppError({ code: 'STORAGE.REJECTED', message });
}
