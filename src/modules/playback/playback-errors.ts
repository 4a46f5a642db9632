import { AppError } from '../../common/errors.js';
import type { Playback } from '../../schema/playback.entity.js';

export function playbackNotFound(id: string): AppError {
  return new AppError({ code: 'PLAYBACK.NOT_FOUND', kind: 'not_found', message: `There is no playback ${id}.` });
}

export function stillRecording(): AppError {
  return conflict(
    'STILL_RECORDING',
    'This playback is not finished: stop it and wait until it is COMPLETED or FAILED.',
  );
}

export function notRecording({ recordingStatus }: Playback): AppError {
  return conflict('NOT_RECORDING', `There is nothing to stop: this playback is ${recordingStatus}.`);
}

/** Why there is no video (yet), in a sentence. */
export function notReady({ recordingStatus, failureMessage, retryReason }: Playback): AppError {
  if (recordingStatus === 'FAILED') {
    return conflict('NOT_READY', `This playback failed and has no video. ${failureMessage ?? ''}`.trim());
  }
  if (recordingStatus === 'PROCESSING') {
    const why = retryReason === null ? '' : ` The last try did not succeed: ${retryReason}`;
    return conflict('NOT_READY', `The video is being stored: try again when the playback is COMPLETED.${why}`);
  }
  return conflict('NOT_READY', 'This playback is still being recorded: its video can be loaded when it is COMPLETED.');
}

export function objectMissing(): AppError {
  return new AppError({
    code: 'PLAYBACK.OBJECT_MISSING',
    kind: 'not_found',
    fault: 'destination',
    message: 'The video is not in the store any more: somebody removed it there.',
  });
}

/** A playback that nobody can watch yet. */
export function nothingToWatchYet(): AppError {
  return conflict('NOT_READY', 'There is no picture to watch yet: try again in a moment.', 1);
}

/** Why a playback can never be streamed, in a sentence. */
export function notStreamable({ recordingStatus, failureMessage }: Playback): AppError {
  if (recordingStatus === 'FAILED') {
    return conflict(
      'NOT_STREAMABLE',
      `This playback failed, there is nothing to watch. ${failureMessage ?? ''}`.trim(),
    );
  }
  if (recordingStatus === 'COMPLETED') {
    return conflict('NOT_STREAMABLE', 'This video was stored without an index for streaming: load it from /video.');
  }
  return conflict('NOT_STREAMABLE', 'The footage is not on its recorder any more: wait for the video.');
}

export function liveElsewhere(): AppError {
  const message =
    'The footage still lies on a recorder whose disk cannot be read from here: ask that one, or wait for the video.';
  return conflict('LIVE_ELSEWHERE', message);
}

export function segmentNotFound(): AppError {
  return new AppError({
    code: 'PLAYBACK.SEGMENT_NOT_FOUND',
    kind: 'not_found',
    message: 'There is no such segment in this playback: load its playlist again.',
  });
}

export function linkInvalid(): AppError {
  return new AppError({
    code: 'PLAYBACK.LINK_INVALID',
    kind: 'unauthenticated',
    message: 'This link has expired or is not one of ours: ask GET /playbacks/:id/download-url for a new one.',
  });
}

function conflict(reason: string, message: string, retryAfterSec?: number): AppError {
  const options = { code: `PLAYBACK.${reason}`, kind: 'conflict', message } as const;
  return new AppError(retryAfterSec === undefined ? options : { ...options, retryAfterSec });
}
