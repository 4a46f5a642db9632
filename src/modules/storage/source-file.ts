import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { mismatch, sourceMissing, sourceUnreadable } from './storage-errors.js';

/**
 * Opens a local file that is to be stored and hands it to `use` with its size.
 * @throws AppError `STORAGE.SOURCE_MISSING`
 */
export async function withSourceFile<T>(
  filePath: string,
  use: (file: FileHandle, sizeBytes: number) => Promise<T>,
): Promise<T> {
  const file = await openSource(filePath);
  try {
    return await use(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

/**
 * Exactly `sizeBytes` of a file from `offset` on.
 * @throws AppError `STORAGE.MISMATCH` when the file has become shorter
 */
export async function readExactly(file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let done = 0; done < sizeBytes;) {
    const { bytesRead } = await file.read(bytes, done, sizeBytes - done, offset + done).catch((error: unknown) => {
      throw sourceUnreadable(error);
    });
    if (bytesRead === 0) throw mismatch('The local file became shorter while it was being stored.');
    done += bytesRead;
  }
  return bytes;
}

export function sha256HexOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws AppError `STORAGE.MISMATCH` when what was read is not what the caller said it is */
export function checkSha256(actualHex: string, expectedHex: string): void {
  if (actualHex !== expectedHex)
    throw mismatch('The local file does not have the SHA-256 that was computed for it before.');
}

async function openSource(filePath: string): Promise<FileHandle> {
  try {
    return await open(filePath, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw sourceMissing(filePath);
    throw sourceUnreadable(error);
  }
}
