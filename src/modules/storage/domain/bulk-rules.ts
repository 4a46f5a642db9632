import { AppError } from '../../../common/errors.js';
import { checkKey } from './object-key.js';

/** The most that S3 and R2 list in one answer, and the most keys that they take in one DeleteObjects. */
export const MAX_KEYS = 1_000;

/**
 * Whether so many objects may be deleted at once.
 * @throws AppError `STORAGE.BAD_KEY`, `STORAGE.REJECTED` (none, or more than 1,000)
 */
export function checkKeys(keys: readonly string[]): void {
  if (keys.length < 1 || keys.length > MAX_KEYS) {
    const message = `1 to ${MAX_KEYS} objects can be deleted at once, not ${keys.length}.`;
    throw new AppError({ code: 'STORAGE.REJECTED', message });
  }
  for (const key of keys) checkKey(key);
}

/** How many objects a page of a list has at most. */
export function pageSizeOf(limit = MAX_KEYS): number {
  return Math.max(1, Math.min(MAX_KEYS, Math.floor(limit)));
}
