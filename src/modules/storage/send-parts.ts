import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { PlannedPart } from './domain/part-plan.js';
import type { StoredPart } from './object-store.port.js';
import type { Slots } from './slots.js';
import { checkSha256, readExactly } from './source-file.js';

export interface PartsJob {
  file: FileHandle;
  parts: PlannedPart[];
  sha256Hex: string;
  /** Shared by all uploads: a part is in memory only while it holds a place. */
  slots: Slots;
  send: (part: PlannedPart, bytes: Buffer, signal: AbortSignal) => Promise<StoredPart>;
  signal?: AbortSignal | undefined;
}

/**
 * Reads a file once, in order, and sends its parts side by side. When it throws, nothing is under way any more:
 * the first failure stops the others, and they have ended.
 * @throws what `send` throws, or AppError `STORAGE.MISMATCH` when the file is not the one that was announced
 */
export async function sendParts(job: PartsJob): Promise<StoredPart[]> {
  const stop = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, stop.signal]) : stop.signal;
  const hash = createHash('sha256');
  const sending: Promise<StoredPart>[] = [];
  try {
    for (const part of job.parts) {
      const release = await job.slots.take(signal);
      const reading = readExactly(job.file, part.offset, part.sizeBytes).then((bytes) => {
        hash.update(bytes);
        signal.throwIfAborted();
        return bytes;
      });
      const done = reading.then((bytes) => job.send(part, bytes, signal)).finally(release);
      done.catch((error: unknown) => stop.abort(error));
      sending.push(done);
      await reading;
    }
    const parts = await Promise.all(sending);
    checkSha256(hash.digest('hex'), job.sha256Hex);
    return parts;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(sending);
    throw stop.signal.reason;
  }
}
