import type { StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';

/** A capture with fragments of these sizes, a second each. @param dir empty: only its rows are left */
export function captureOf(captureId: string, sizes: readonly number[], dir = `/log/${captureId}`): StoredCapture {
  const fragments = sizes.map((sizeBytes, index): StoredFragment => ({
    ...{ segment: '000001.m4s', offset: sizes.slice(0, index).reduce((sum, each) => sum + each, 0) },
    ...{ moofBytes: 8, sizeBytes, startMs: index * 1_000, durationMs: 1_000, frames: 25, isSync: true },
  }));
  return { captureId, dir, init: { tracks: [] }, epochMs: 1_700_000_000_000, fragments } as unknown as StoredCapture;
}
