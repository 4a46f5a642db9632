import { videoKey } from './object-key.js';

/** Where a playback's video is, or would be, in the store: the row's word counts, rows that never got so far have the usual place. */
export function videoObjectKey({ id, objectKey }: { id: string; objectKey: string | null }): string {
  return objectKey ?? videoKey(id);
}
