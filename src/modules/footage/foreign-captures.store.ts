import { join } from 'node:path';
import { listDir, readCapture, type StoredCapture } from './capture-files.store.js';
import type { SegmentScan } from './closed-segments.store.js';
import { isDiskError } from './segment-scan.store.js';

/**
 * The captures of a camera in the log of another recorder, oldest first. Only reads: that recorder may live and write on, so a tail
 * that is not whole yet stays as it is, and a folder that is half made or half deleted holds no footage.
 * @param rootDir the record folder of the other recorder; one that is not there has no captures
 * @param scanClosed reads segments to which nothing is added any more
 */
export async function readForeignCaptures(
  rootDir: string,
  cameraId: string,
  scanClosed?: SegmentScan,
): Promise<StoredCapture[]> {
  const cameraDir = join(rootDir, 'cameras', cameraId);
  const captures: StoredCapture[] = [];
  for (const name of (await listDir(cameraDir)).sort()) {
    const capture = await readQuietly(join(cameraDir, name), scanClosed);
    if (capture) captures.push(capture);
  }
  return captures;
}

/** A segment that is deleted between listing and opening it takes nothing else along: the folder is read again. */
async function readQuietly(dir: string, scanClosed?: SegmentScan, tries = 3): Promise<StoredCapture | null> {
  try {
    return (await readCapture(dir, scanClosed))?.capture ?? null;
  } catch (error) {
    if (!isDiskError(error)) return null;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return tries > 1 ? readQuietly(dir, scanClosed, tries - 1) : null;
  }
}
