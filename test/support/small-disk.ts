import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';

const run = promisify(execFile);
const MIB = 1024 ** 2;

/** Mounting needs root; so do the containers in which this project is built. */
export const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

export interface SmallDisk {
  dir: string;
  /** Writes a file of so many MiB; throws ENOSPC when there is no room for it. */
  fill(name: string, mib: number): Promise<void>;
  empty(name: string): Promise<void>;
  remove(): Promise<void>;
}

/** A disk of its own, in memory. Mounting needs root. */
export async function mountSmallDisk(mib: number): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=1777`, 'tmpfs', dir]);
  return {
    dir,
    fill: (name, size) => writeFile(join(dir, name), Buffer.alloc(size * MIB)),
    empty: (name) => rm(join(dir, name), { force: true }),
    remove: async () => {
      // Lazy: a file that somebody still has open must not leave the mount behind.
      await run('umount', ['-l', dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
