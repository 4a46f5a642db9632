import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Injectable } from '@nestjs/common';

/** A disk as it is now. */
export interface FoundDisk {
  /** Equal for folders of one file system. */
  device: number;
  freeBytes: number;
  totalBytes: number;
}

/** Looks at the disks of our stores. */
@Injectable()
export class Disks {
  /**
   * The one where `dir` is, or will be.
   * @throws the error of `stat` when neither `dir` nor a folder above it can be looked at
   */
  async find(dir: string): Promise<FoundDisk> {
    try {
      const [{ dev }, { bavail, blocks, bsize }] = await Promise.all([stat(dir), statfs(dir)]);
      return { device: dev, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isMissing && dirname(dir) !== dir) return this.find(dirname(dir));
      throw error;
    }
  }
}
