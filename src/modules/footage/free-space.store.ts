import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DiskReading } from './domain/disk-state.js';

/**
 * Looks at the disk where `dir` is, or will be.
 * @throws the error of `statfs` when neither `dir` nor a folder above it can be looked at
 */
export async function readFreeSpace(dir: string): Promise<DiskReading> {
  try {
    const { bavail, blocks, bsize } = await statfs(dir);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && dirname(dir) !== dir) return readFreeSpace(dirname(dir));
    throw error;
  }
}
