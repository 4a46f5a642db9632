import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { type LocalFiles, whenMissing } from './local-files.js';
import type { StoredPart } from './object-store.port.js';

/** What an upload is, written once when it begins. */
export interface UploadHead {
  key: string;
  token: string;
  contentType: string;
  partSizeBytes: number;
  startedAt: string;
}

export interface UploadLog {
  head: UploadHead;
  /** By number, each as it was stored last. */
  parts: StoredPart[];
}

/** The log of a new upload, whole or not there at all. */
export async function createUploadLog(files: LocalFiles, path: string, head: UploadHead): Promise<void> {
  await files.withTempFile(
    async (file) => void (await file.writeFile(JSON.stringify(head))),
    (tempPath) => files.publish(tempPath, path),
  );
}

/**
 * Says that a part is on the disk. A line is added instead of writing all of it anew, so that parts may come side by side, from several
 * processes too; each begins on a fresh line, so that one that a crash tore spoils no other. Answers false when there is no such log.
 */
export async function appendPart(path: string, part: StoredPart): Promise<boolean> {
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND).catch(whenMissing(null));
  if (!file) return false;
  try {
    await file.writeFile(`\n${JSON.stringify(part)}`);
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

/** Null when there is no such upload. */
export async function readUploadLog(path: string): Promise<UploadLog | null> {
  const text = await readFile(path, 'utf8').catch(whenMissing(null));
  const [first = '', ...lines] = text?.split('\n') ?? [];
  const head = parseLine<UploadHead>(first);
  if (!head) return null;
  const parts = new Map<number, StoredPart>();
  for (const line of lines) {
    const part = parseLine<StoredPart>(line);
    if (part) parts.set(part.number, part);
  }
  return { head, parts: [...parts.values()].sort((a, b) => a.number - b.number) };
}

/** A line that a crash tore is as good as none. */
function parseLine<T>(line: string): T | null {
  try {
    return JSON.parse(line) as T | null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
