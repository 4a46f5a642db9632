import { sentenceOf } from '../../common/error-catalogue.js';
import { AppError } from '../../common/errors.js';
import type { Playback } from '../../schema/playback.entity.js';

export function playbackNotFound(id: string): AppError {
  return new AppError({ code: 'PLAYBACK.NOT_FOUND', values: { id } });
}

export function stillRecording(): AppError {
  return new AppError({ code: 'PLAYBACK.STILL_RECORDING' });
}

export function notRecording({ recordingStatus }: Playback): AppError {
  return new AppError({ code: 'PLAYBACK.NOT_RECORDING', values: { recordingStatus } });
}

/** Why there is no video (yet), in a sentence. */
export function notReady({ kind, recordingStatus, failureMessage, retryReason }: Playback): AppError {
  if (recordingStatus === 'FAILED') {
    return notReadyYet(`This playback failed and has no video. ${failureMessage ?? ''}`.trim());
  }
  if (recordingStatus === 'PROCESSING') {
    const why = retryReason === null ? '' : ` The last try did not succeed: ${retryReason}`;
    return notReadyYet(`${sentenceOf({ code: 'PLAYBACK.NOT_READY' })}${why}`);
  }
  if (kind === 'export') return notReadyYet(sentenceOf({ code: 'PLAYBACK.NOT_READY' }));
  return notReadyYet('This playback is still being recorded: its video can be loaded when it is COMPLETED.');
}

export function objectMissing(): AppError {
  return new AppError({
    code: 'PLAYBACK.OBJECT_MISSING',
    values: { what: 'video' },
  });
}

/** A playback that nobody can watch yet. */
export function nothingToWatchYet(): AppError {
  return notReadyYet('There is no picture to watch yet: try again in a moment.', 1);
}

/** Why a playback can never be streamed, in a sentence. */
export function notStreamable({ recordingStatus, failureMessage }: Playback): AppError {
  if (recordingStatus === 'FAILED') {
    const message = `This playback failed, there is nothing to watch. ${failureMessage ?? ''}`.trim();
    return new AppError({ code: 'PLAYBACK.NOT_STREAMABLE', message });
  }
  if (recordingStatus === 'COMPLETED') {
    return new AppError({ code: 'PLAYBACK.NOT_STREAMABLE' });
  }
  const message = 'The footage is not on its recorder any more: wait for the video.';
  return new AppError({ code: 'PLAYBACK.NOT_STREAMABLE', message });
}

export function liveElsewhere(): AppError {
  return new AppError({ code: 'PLAYBACK.LIVE_ELSEWHERE' });
}

export function segmentNotFound(): AppError {
  return new AppError({ code: 'PLAYBACK.SEGMENT_NOT_FOUND' });
}

export function linkInvalid(): AppError {
  return new AppError({ code: 'PLAYBACK.LINK_INVALID' });
}

function notReadyYet(message: string, retryAfterSec?: number): AppError {
  const options = { code: 'PLAYBACK.NOT_READY', message } as const;
  return new AppError(retryAfterSec === undefined ? options : { ...options, retryAfterSec });
}
