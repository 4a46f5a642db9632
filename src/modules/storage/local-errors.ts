import { AppError } from '../../common/errors.js';
import { cancelled, denied, rejected, unavailable } from './storage-errors.js';

/** Translates what the file system says; what is no file-system error passes as it is. */
export function toLocalStorageError(error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  if (signal?.aborted) return cancelled();
  const code = errnoOf(error);
  switch (code) {
    case undefined:
      return error;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return denied(`The storage folder cannot be used (${code}): check its owner and permissions.`, error);
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
      return rejected('One object key cannot be the folder of another in local storage.', error);
    case 'ENOSPC':
    case 'EDQUOT':
      return unavailable(`The storage disk is full (${code}).`, error);
    default:
      return unavailable(`The storage disk failed (${code}).`, error);
  }
}

/** `ENOENT` and the like, of an error that the file system gave. */
export function errnoOf(error: unknown): string | undefined {
  const { errno, code } = (error ?? {}) as { errno?: unknown; code?: unknown };
  return typeof errno === 'number' && typeof code === 'string' ? code : undefined;
}
