import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredFragment, Take } from './domain/footage.js';
import type { Span } from './domain/ledger.js';
import { readFragmentExtent } from './domain/mp4/fragment.js';
import type { StoredCapture } from './fragment-log.store.js';

/** From the earliest sample of any track of a take to the end of its last one, wall clock. */
export async function readTakeExtent({ capture, fragments }: Take<StoredCapture>): Promise<Span> {
  const { epochMs, init } = capture;
  const first = readFragmentExtent(await readMoof(capture, fragments[0]!), init);
  const last = readFragmentExtent(await readMoof(capture, fragments.at(-1)!), init);
  return { startMs: epochMs + first.startMs, endMs: epochMs + last.endMs };
}

async function readMoof({ dir }: StoredCapture, { segment, offset, moofBytes }: StoredFragment): Promise<Buffer> {
  const file = await open(join(dir, segment), 'r');
  try {
    const moof = Buffer.alloc(moofBytes);
    await file.read(moof, 0, moofBytes, offset);
    return moof;
  } finally {
    await file.close();
  }
}
