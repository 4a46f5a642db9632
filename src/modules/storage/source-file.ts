import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf } from './local-errors.js';
import { rejected, unavailable } from './storage-errors.js';

/** What is in memory of a file at a time. Larger pieces cost less of the processor for each byte, up to about this size. */
const PIECE_BYTES = 262_144;

/** What does not pass by waiting. */
const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES', 'EPERM']);

/**
 * Opens a file that is to be stored, for as long as `use` takes.
 * @throws AppError `STORAGE.REJECTED` (there is none, or it has another size), `STORAGE.UNAVAILABLE` (the disk fails)
 */
export async function withSource<T>(
  path: string,
  sizeBytes: number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r').catch(throwSourceError);
  try {
    const info = await file.stat();
    if (!info.isFile()) throw rejected('What is to be stored is no file.');
    if (info.size !== sizeBytes) throw rejected(`The file to be stored has ${info.size} bytes, not ${sizeBytes}.`);
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The bytes of such a file, piece by piece, and never more or fewer of them than it had when it was opened. */
export async function* piecesOf(file: FileHandle, sizeBytes: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < sizeBytes;) {
    signal?.throwIfAborted();
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes - offset));
    const { bytesRead } = await file.read(piece, 0, piece.length, offset).catch(throwSourceError);
    if (bytesRead === 0) throw rejected(`The file to be stored has become shorter than its ${sizeBytes} bytes.`);
    offset += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** For `.catch` of whatever looks for such a file or reads it. */
export function throwSourceError(error: unknown): never {
  const code = errnoOf(error);
  if (code === undefined) throw error;
  if (NO_FILE.has(code)) throw rejected(`The file to be stored is not there, or not for us to read (${code}).`, error);
  throw unavailable(`The file to be stored cannot be read now (${code}).`, error);
}
