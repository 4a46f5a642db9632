import { AppError } from '../../common/errors.js';
import type { PutResult, StorageObserver } from './object-store.port.js';

/** Tells the observer how a put went; one that its caller cancelled is neither stored nor failed. */
export async function observed(
  observer: StorageObserver | undefined,
  put: () => Promise<PutResult>,
): Promise<PutResult> {
  try {
    const result = await put();
    observer?.uploaded(result.sizeBytes);
    return result;
  } catch (error) {
    tellOfFailure(observer, error);
    throw error;
  }
}

/** Counts a failure, unless it is the caller who gave up. */
export function tellOfFailure(observer: StorageObserver | undefined, error: unknown): void {
  if (!(error instanceof AppError && error.code === 'STORAGE.CANCELLED')) observer?.uploadFailed();
}
