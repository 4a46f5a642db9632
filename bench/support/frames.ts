import { findCounterHoles, readFrameCounters } from '@hindsight/virtual-camera';
import type { CameraReport } from './camera-worker.js';
import { sum } from './rows.js';

export interface MissingFrames {
  inside: number;
  atEdges: number;
}

/** Frames that were sent and are not there: between the first and the last one in the object, and outside of them. */
export async function countMissing(
  file: string,
  { firstCounter, framesSent }: CameraReport,
  loopLength: number,
): Promise<MissingFrames> {
  const counters = await readFrameCounters(file);
  const before = ((counters[0] ?? firstCounter) - firstCounter + loopLength) % loopLength;
  const holes = findCounterHoles(counters, loopLength);
  const lost = sum(holes.map(({ missing }) => missing));
  const behind = Math.max(0, framesSent - before - counters.length - lost);
  return { inside: sum(holes.map(({ missing }) => Math.max(1, missing))), atEdges: before + behind };
}
