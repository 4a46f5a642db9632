import { AppError } from '../../common/errors.js';
import type { StorageObserver } from './object-store.port.js';

/** Tells the observer how a step went that brings so many bytes into the store; one that its caller cancelled is neither stored nor failed. */
export async function observed<T>(
  observer: StorageObserver | undefined,
  bytes: number,
  step: () => Promise<T>,
): Promise<T> {
  try {
    const result = await step();
    if (bytes > 0) observer?.uploaded(bytes);
    return result;
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'STORAGE.CANCELLED')) observer?.uploadFailed();
    throw error;
  }
}
