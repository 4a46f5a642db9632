import { AppError } from '../../../common/errors.js';

/** A picture that may still come. */
export function pictureNotReady(): AppError {
  const message =
    'This picture is made after the video is stored: try again in a moment. If it does not come, the log of the recorders says why.';
  return new AppError({ code: 'PLAYBACK.PICTURE_NOT_READY', kind: 'conflict', message, retryAfterSec: 5 });
}

/** A picture that will never come. */
export function noPicture(): AppError {
  const message = 'There are no pictures of this playback: its video was stored without an index of its key frames.';
  return new AppError({ code: 'PLAYBACK.NO_PICTURE', kind: 'conflict', message });
}

export function noMediaInfo(): AppError {
  const message =
    'Nothing is known of the streams of this playback: its video was stored before they were looked into.';
  return new AppError({ code: 'PLAYBACK.NO_MEDIA_INFO', kind: 'conflict', message });
}

export function pictureMissing(): AppError {
  const message = 'The picture is not in the store any more: somebody removed it there.';
  return new AppError({ code: 'PLAYBACK.OBJECT_MISSING', kind: 'not_found', fault: 'destination', message });
}
