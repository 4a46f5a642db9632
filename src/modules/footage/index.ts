/** What other modules may use of this one, beside its NestJS module. */
export { AssembledFiles } from './assembled-files.store.js';
export { DiskSpace } from './disk-space.service.js';
export { type Anchor, type Arrival, applyAnchors } from './domain/capture-clock.js';
export {
  coveredSpans,
  findStalls,
  leanFrom,
  selectFootage,
  type CaptureFootage,
  type StoredFragment,
  type Take,
} from './domain/footage.js';
export {
  headBytesOf,
  type IndexedFragment,
  OWNER_BYTES,
  parseSegmentTail,
  type SegmentTail,
  TAIL_END_BYTES,
  tailBytesOf,
} from './domain/segment-file.js';
export { inRange, named, type SegmentChoice } from './domain/segment-choice.js';
export {
  type CaptureSegments,
  type SegmentSpan,
  type SegmentSpans,
  spansOf,
  touchedBy,
} from './domain/segment-spans.js';
export { formatSegmentName, parseSegmentName, segmentKindOf } from './domain/segment-name.js';
export { SegmentTable } from './domain/segment-table.js';
export { listLiveRuns, listStoredSegments, type LiveRun, type StoredSegment } from './domain/stream-runs.js';
export { beginWith, indexRun, segmentId } from './domain/stream-segments.js';
export { TornFootage } from './domain/torn-footage.js';
export { FootageReader, footageAway, waitMsFor } from './footage-reader.service.js';
export { openFragments } from './fragment-bytes.store.js';
export { type FragmentSource, openSource } from './fragment-source.js';
export {
  FragmentLog,
  type CaptureFiles,
  type CaptureMeta,
  type CaptureWriter,
  type LoggedCapture,
  type StoredCapture,
  type WrittenFragment,
} from './fragment-log.store.js';
export { Timeline, findReadable, readOuterMoofs, streamAsStored, streamFragments } from './fragment-stream.store.js';
export { mendTail } from './segment-seal.store.js';
export { type FoundTail, readSegmentTail } from './segment-tail.store.js';
export { scanFragments } from './segment-scan.store.js';
