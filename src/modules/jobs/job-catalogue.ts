/** Every job there is, with its payload. Jobs may run twice: each handler must be idempotent. */
export interface JobPayloads {
  /** Assemble, check, upload and complete one playback; runs on the node whose disk holds its fragments. */
  'playback.finalise': { playbackId: string };
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
