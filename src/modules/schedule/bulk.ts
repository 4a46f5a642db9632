import { AppError } from '../../common/errors.js';
import type { BulkResult } from './bulk.dto.js';

/** Does one thing after another; what is refused does not keep the rest from being done. */
export async function doEach(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  for (const id of new Set(ids)) {
    try {
      await work(id);
      results.push({ id, ok: true, code: null, message: null });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      results.push({ id, ok: false, code: error.code, message: error.message });
    }
  }
  return results;
}
