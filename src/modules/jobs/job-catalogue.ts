/** Every job there is, with its payload. Jobs may run twice: each handler must be idempotent. */
export interface JobPayloads {
  /** Assemble, check, upload and complete one playback; runs on the node whose disk holds its fragments. */
  'playback.finalise': { playbackId: string };
  /** Begin an export: any process that stores playbacks may, if it has a place for it. */
  'playback.export': { playbackId: string };
  /** Make the thumbnail and the sprite of a stored playback; any recorder may. */
  'playback.preview': { playbackId: string };
  /** Remove an object whose row is gone: the tombstone of a deleted playback. */
  'object.delete': { key: string };
}

export type JobName = keyof JobPayloads;

/** Under which key a `playback.finalise` waits: one at most for each playback. */
export function finaliseKey(playbackId: string): string {
  return `finalise:${playbackId}`;
}

/** Under which key a `playback.export` waits. */
export function exportKey(playbackId: string): string {
  return `export:${playbackId}`;
}

/** Under which key an `object.delete` waits. */
export function objectDeleteKey(key: string): string {
  return `object.delete:${key}`;
}
