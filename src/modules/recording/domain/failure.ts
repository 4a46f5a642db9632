import { AppError, messageOf } from '../../../common/errors.js';
import type { GapCause } from './ledger.js';

/** Why an attempt to capture gave no footage, or no more. */
export interface CaptureFailure {
  /** Stable, for `failure.code` of the playback. */
  code: string;
  /** One sentence that a user can act on. */
  message: string;
  cause: GapCause;
  /** Trying again cannot help before somebody changes something. */
  permanent: boolean;
}

/** Camera errors that a later attempt may not meet again: the camera is restarting, full, or away. */
const TRANSIENT: Partial<Record<string, GapCause>> = {
  'CAMERA.UNREACHABLE': 'camera_unreachable',
  'CAMERA.HOST_UNKNOWN': 'camera_unreachable',
  'CAMERA.ONVIF_FAILED': 'camera_unreachable',
  'CAMERA.RTSP_FAILED': 'camera_unreachable',
  'CAMERA.BUSY_SESSIONS': 'camera_refused',
};

/** Translates what `locate` and `describe` throw. */
export function failureOf(error: unknown): CaptureFailure {
  if (!(error instanceof AppError)) {
    return { code: 'RECORDING.INTERNAL', message: messageOf(error), cause: 'unknown', permanent: false };
  }
  const { code, message } = error;
  const transient = TRANSIENT[code];
  if (transient) return { code, message, cause: transient, permanent: false };
  const noVideo = code === 'CAMERA.NO_VIDEO' || code === 'CAMERA.UNSUPPORTED_CODEC';
  return { code, message, cause: noVideo ? 'no_video' : 'camera_refused', permanent: error.fault !== 'service' };
}

/** FFmpeg ended although nobody asked it to: its exit code says nothing, its last words sometimes do. */
export function unaskedExit(stderr: readonly string[], gaveFootage: boolean): CaptureFailure {
  const words = stderr.slice(-2).join(' ').slice(0, 300);
  if (gaveFootage) {
    const message = `The camera ended the stream.${words ? ` FFmpeg said: ${words}` : ''}`;
    return { code: 'RECORDING.CAMERA_LOST', message, cause: 'camera_lost', permanent: false };
  }
  const message = `FFmpeg ended before the first picture.${words ? ` It said: ${words}` : ''}`;
  return { code: 'RECORDING.FFMPEG_FAILED', message, cause: 'ffmpeg_failed', permanent: false };
}

export function stalled(timeoutMs: number): CaptureFailure {
  const message = `The camera sent no whole picture group for ${timeoutMs / 1_000} s although it stayed connected.`;
  return { code: 'RECORDING.STALLED', message, cause: 'stalled', permanent: false };
}
