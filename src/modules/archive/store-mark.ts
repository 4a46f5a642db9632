import type { FootageStore } from '../storage/index.js';
import { FOOTAGE_PREFIX } from './domain/footage-key.js';

/** Names the installation whose footage a store holds. */
export const STORE_MARK_KEY = `${FOOTAGE_PREFIX}store.json`;
/** Larger is no mark of ours. */
const MAX_MARK_BYTES = 4_096;

/** The installation that a store of footage names; `unreadable`: it carries something else there. Null: it has no mark. */
export async function readStoreMark(store: FootageStore): Promise<string | null> {
  if ((await store.head(STORE_MARK_KEY)) === null) return null;
  const pieces: Buffer[] = [];
  for await (const piece of await store.openRead(STORE_MARK_KEY, { start: 0, end: MAX_MARK_BYTES - 1 })) {
    pieces.push(piece as Buffer);
  }
  try {
    const { installation } = JSON.parse(Buffer.concat(pieces).toString()) as { installation?: unknown };
    return typeof installation === 'string' ? installation : 'unreadable';
  } catch {
    return 'unreadable';
  }
}
