/** What other modules may use of this one. */
export { CLOCK_STEP_MS, clip, holesIn, MAX_SEAM_MS, type Piece, showFootage, type Shown } from './domain/coverage.js';
export type { GopEntry, PlacedGop } from './domain/gop-index.js';
export {
  FootageIndexRepository,
  type IndexedRun,
  type IndexedSegment,
  type RemovedSpan,
  type SegmentPosition,
} from './footage-index.repository.js';
