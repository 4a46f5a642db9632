/** What other modules may use of this one, beside its NestJS module. */
export { ArchivedFootageReader, type ArchivedFootage } from './archived-footage.reader.js';
export { FootagePins } from './footage-pins.repository.js';
export { SegmentRangesRepository } from './segment-ranges.repository.js';
