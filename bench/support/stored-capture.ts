import { basename, dirname } from 'node:path';
import type { StoredCapture } from '../../src/modules/footage/capture-files.store.js';
import { parseStreamKey } from '../../src/schema/stream-id.js';
import { ForeignCaptures } from '../../src/modules/footage/foreign-captures.store.js';

/** A capture with all its fragments, from its folder alone. */
export async function readStoredCapture(captureDir: string): Promise<StoredCapture> {
  const streamDir = dirname(captureDir);
  const captures = await new ForeignCaptures().read(dirname(dirname(streamDir)), parseStreamKey(basename(streamDir))!);
  const capture = captures.find(({ dir }) => basename(dir) === basename(captureDir));
  if (!capture) throw new Error(`there is no capture in ${captureDir}`);
  return capture;
}
