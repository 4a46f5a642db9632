/** What other modules may use of this one, beside its NestJS module. */
export { CLOCK_STEP_MS, clip, holesIn, MAX_SEAM_MS, type Piece, showFootage, type Shown } from './domain/coverage.js';
export { FOOTAGE_PREFIX, type FootageKey, formatFootageKey, parseFootageKey } from './domain/footage-key.js';
export { decodeGops, type PlacedGop } from './domain/gop-index.js';
export { FootageIndexRepository, type RemovedSpan } from './footage-index.repository.js';
export type { IndexedRun, IndexedSegment, SegmentPosition } from './indexed-footage.js';
export { LogArchivist } from './log-archivist.service.js';
export { ArchivedFootageReader, type ArchivedFootage } from './archived-footage.reader.js';
export { FootagePins } from './footage-pins.repository.js';
export { readStoreMark } from './store-mark.js';
export { SegmentRangesRepository } from './segment-ranges.repository.js';
