import { MAX_PARTS } from './part-rules.js';

const MIB = 1024 ** 2;

/** One part of a multipart upload: `number` counts from 1. */
export interface PlannedPart {
  number: number;
  offset: number;
  sizeBytes: number;
}

/**
 * Cuts a file into equal parts, the last of which may be smaller, as R2 demands.
 * Parts have `partSizeBytes`, or as many whole MiB more as it takes to stay within 10,000 parts.
 */
export function planParts(fileSizeBytes: number, partSizeBytes: number): PlannedPart[] {
  const needed = Math.ceil(fileSizeBytes / MAX_PARTS);
  const size = needed <= partSizeBytes ? partSizeBytes : Math.ceil(needed / MIB) * MIB;
  const count = Math.max(1, Math.ceil(fileSizeBytes / size));
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    offset: index * size,
    sizeBytes: Math.min(size, fileSizeBytes - index * size),
  }));
}
