import { join } from 'node:path';
import type { InitSegment } from '../../mp4/init-segment.js';
import { type ScannedSegment, scanSegment } from './segment-scan.store.js';

/** About 25 MB: 28 hours of one camera. */
const MAX_FRAGMENTS = 100_000;

/**
 * Remembers what was read last of segments to which nothing is added any more: whoever watches a recording asks every second or two, and
 * only its last segment has changed meanwhile. What was not asked for the longest goes first.
 */
export class ClosedSegments {
  private readonly known = new Map<string, ScannedSegment>();
  private fragments = 0;

  /** @param maxFragments of all remembered segments together */
  constructor(private readonly maxFragments = MAX_FRAGMENTS) {}

  /** As `scanSegment`. */
  async scan(dir: string, segment: string, init: InitSegment): Promise<ScannedSegment> {
    const path = join(dir, segment);
    const known = this.known.get(path);
    const scanned = known ?? (await scanSegment(dir, segment, init));
    this.forget(path);
    this.known.set(path, scanned); // behind all others
    this.fragments += scanned.fragments.length;
    for (const oldest of this.known.keys()) {
      if (this.fragments <= this.maxFragments) break;
      this.forget(oldest);
    }
    return scanned;
  }

  private forget(path: string): void {
    this.fragments -= this.known.get(path)?.fragments.length ?? 0;
    this.known.delete(path);
  }
}
