import { join } from 'node:path';
import type { InitSegment } from '../../mp4/init-segment.js';
import { type ScannedSegment, scanSegment } from './segment-scan.store.js';

export type SegmentScan = typeof scanSegment;

/** About 100 MB; a camera gives 86,400 a day. */
const MAX_FRAGMENTS = 500_000;

/**
 * Remembers what the segments of other recorders hold: whoever watches a recording there asks every second or two, and only its last
 * segment has changed meanwhile.
 */
export class ClosedSegments {
  private readonly known = new Map<string, ScannedSegment>();
  private fragments = 0;

  /** As `scanSegment`, for a segment to which nothing is added any more. */
  readonly scan: SegmentScan = async (dir: string, segment: string, init: InitSegment) => {
    const path = join(dir, segment);
    const known = this.known.get(path);
    if (known) return known;
    const scanned = await scanSegment(dir, segment, init);
    if (this.fragments > MAX_FRAGMENTS) this.forget();
    this.known.set(path, scanned);
    this.fragments += scanned.fragments.length;
    return scanned;
  };

  private forget(): void {
    this.known.clear();
    this.fragments = 0;
  }
}
