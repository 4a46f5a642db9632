import { AppError } from '../../../common/errors.js';

/** R2 and S3 take 1,024 bytes; https://developers.cloudflare.com/r2/platform/limits/ */
const MAX_KEY_BYTES = 1_024;
/** File systems take 255 bytes a name; the local adapter adds a few of its own. */
const MAX_SEGMENT_BYTES = 200;
/** A leading dot is kept for the local adapter's own files, which also rules out `.` and `..`. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Where an object lives, like `playbacks/{uuid}/video.mp4`: segments of `[A-Za-z0-9._-]` between single slashes.
 * Such a key is the same text in a path, in a URL and in a signature, so nothing ever has to be escaped.
 * @throws AppError `STORAGE.BAD_KEY`
 */
export function checkKey(key: string): string {
  if (isKey(key)) return key;
  throw new AppError({ code: 'STORAGE.BAD_KEY' });
}

/** Whether `checkKey` takes it. */
export function isKey(key: string): boolean {
  const segments = key.split('/');
  const fits = key.length <= MAX_KEY_BYTES && segments.every((segment) => segment.length <= MAX_SEGMENT_BYTES);
  return fits && segments.every((segment) => SEGMENT.test(segment));
}

/** The key of a playback's video. */
export function videoKey(playbackId: string): string {
  return checkKey(`playbacks/${playbackId}/video.mp4`);
}

/** The key of the picture that stands for a playback. */
export function thumbnailKey(playbackId: string): string {
  return checkKey(`playbacks/${playbackId}/thumbnail.jpg`);
}

/** The key of the pictures that are shown while somebody looks for a place in a playback. */
export function spriteKey(playbackId: string): string {
  return checkKey(`playbacks/${playbackId}/sprite.jpg`);
}
