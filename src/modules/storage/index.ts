/** What other modules may use of this one, beside its NestJS module. */
export { formatContentRange, parseRange, type ByteRange } from './domain/byte-range.js';
export { attachmentNamed } from './domain/content-disposition.js';
export { spriteKey, thumbnailKey, videoKey } from './domain/object-key.js';
export { videoObjectKey } from './domain/video-object.js';
export {
  FootageStore,
  ObjectStore,
  StorageObserver,
  type ObjectInfo,
  type PartsTarget,
  type StoredPart,
} from './object-store.port.js';
