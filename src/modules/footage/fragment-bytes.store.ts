import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { StoredFragment } from './domain/footage.js';
import type { CaptureFiles } from './capture-files.store.js';

/**
 * The bytes of fragments of one segment file, as they lie there. Destroy the stream to stop early.
 * @returns null when the file is gone
 */
export async function openFragments(
  { dir }: Pick<CaptureFiles, 'dir'>,
  fragments: readonly Pick<StoredFragment, 'segment' | 'offset' | 'sizeBytes'>[],
): Promise<Readable | null> {
  const file = await openIfThere(join(dir, fragments[0]!.segment));
  if (!file) return null;
  const bytes = Readable.from(readEach(file, fragments), { objectMode: false });
  // Also when nobody has begun to read.
  bytes.once('close', () => void file.close());
  return bytes;
}

async function* readEach(
  file: FileHandle,
  fragments: readonly Pick<StoredFragment, 'segment' | 'offset' | 'sizeBytes'>[],
): AsyncGenerator<Buffer> {
  for (const { segment, offset, sizeBytes } of fragments) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(sizeBytes), 0, sizeBytes, offset);
    if (bytesRead < sizeBytes) throw new Error(`segment ${segment} ends inside a fragment`);
    yield buffer;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
