/** What other modules may use of this one. */
export { CLOCK_STEP_MS, clip, holesIn, MAX_SEAM_MS, type Piece, showFootage, type Shown } from './domain/coverage.js';
export type { PlacedGop } from './domain/gop-index.js';
export { FootageIndexRepository, type RemovedSpan } from './footage-index.repository.js';
export type { IndexedRun, IndexedSegment, SegmentPosition } from './indexed-footage.js';
