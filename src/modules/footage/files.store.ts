import { open, readdir, rename } from 'node:fs/promises';

/** Writes a file that is whole or not there, also after a power loss; it is there for good once its folder is synced too. */
export async function writeWhole(path: string, bytes: Buffer | string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/** Brings the names in a folder to stable storage: a synced file whose name is lost is lost (fsync(2), "Calling fsync() does not"). */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names in a folder; none when it is not there. */
export async function listDir(dir: string): Promise<string[]> {
  return (await orNull(readdir(dir))) ?? [];
}

/** What `work` finds, or null when that file or folder is not there. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
