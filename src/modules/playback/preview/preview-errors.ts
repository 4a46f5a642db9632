import { AppError } from '../../../common/errors.js';

/** A picture that may still come. */
export function pictureNotReady(): AppError {
  return new AppError({ code: 'PLAYBACK.PICTURE_NOT_READY' });
}

/** A picture that will never come. */
export function noPicture(): AppError {
  return new AppError({ code: 'PLAYBACK.NO_PICTURE' });
}

export function noMediaInfo(): AppError {
  return new AppError({ code: 'PLAYBACK.NO_MEDIA_INFO' });
}

export function pictureMissing(): AppError {
  return new AppError({ code: 'PLAYBACK.OBJECT_MISSING', values: { what: 'picture' } });
}
