import { type ErrorCode, type Said, sentenceOf } from '../../../common/error-catalogue.js';
import { AppError, messageOf } from '../../../common/errors.js';
import type { GapCause } from '../../../schema/ledger.js';
import { Mp4Error } from '../../../mp4/boxes.js';

/** Why an attempt to capture gave no footage, or no more. */
export interface CaptureFailure {
  /** For `failure.code` of the playback. */
  code: ErrorCode;
  /** One sentence that a user can act on. */
  message: string;
  cause: GapCause;
  /** Trying again cannot help before somebody changes something, if the camera means it: see `isHopeless`. */
  permanent: boolean;
  /** Somebody killed FFmpeg: it says nothing of the camera. */
  wasKilled?: true;
  /** The next attempt asks the camera for something else, and is made at once. */
  triesOtherwise?: true;
}

/** A failure with the words of the catalogue, or some of its own. */
export function failureWith(said: Said, rest: Omit<CaptureFailure, 'code' | 'message'>): CaptureFailure {
  return { code: said.code, message: sentenceOf(said), ...rest };
}

/** Camera errors that a later attempt may not meet again: the camera is restarting, full, or away. */
const TRANSIENT: Partial<Record<ErrorCode, GapCause>> = {
  'CAMERA.UNREACHABLE': 'camera_unreachable',
  'CAMERA.HOST_UNKNOWN': 'camera_unreachable',
  'CAMERA.ONVIF_FAILED': 'camera_unreachable',
  'CAMERA.RTSP_FAILED': 'camera_unreachable',
  'CAMERA.BUSY_SESSIONS': 'camera_refused',
};

/** `errno` codes of a disk that takes no more. */
const NO_SPACE = ['ENOSPC', 'EDQUOT'];

/** Translates whatever an attempt throws: what `locate` and `describe` say, a stream that is none, a full disk. */
export function failureOf(error: unknown): CaptureFailure {
  if (!(error instanceof AppError)) return failureInside(error);
  const { code, message } = error;
  const transient = TRANSIENT[code];
  if (transient) return { code, message, cause: transient, permanent: false };
  const noVideo = code === 'CAMERA.NO_VIDEO' || code === 'CAMERA.UNSUPPORTED_CODEC';
  return { code, message, cause: noVideo ? 'no_video' : 'camera_refused', permanent: !error.retryable };
}

function failureInside(error: unknown): CaptureFailure {
  if (NO_SPACE.includes((error as NodeJS.ErrnoException | null)?.code ?? '')) {
    return failureWith({ code: 'RECORDING.DISK_FULL' }, { cause: 'disk_full', permanent: true });
  }
  if (error instanceof Mp4Error) {
    const said = { code: 'RECORDING.STREAM_INVALID', values: { reason: error.message } } as const;
    return failureWith(said, { cause: 'ffmpeg_failed', permanent: false });
  }
  const said = { code: 'RECORDING.INTERNAL', message: messageOf(error) } as const;
  return failureWith(said, { cause: 'unknown', permanent: false });
}

/** FFmpeg's words for an RTSP status that is no success (libavformat/rtsp.c, `ff_rtsp_send_cmd_with_content`). */
const REFUSAL = /method (?:SETUP|PLAY) failed: (\d{3})\b/;

/** How an FFmpeg ended, as far as it tells anything. */
export interface EndedRun {
  spawnError: Error | null;
  /** What killed it, if anything did. */
  signal: NodeJS.Signals | null;
  /** Its last lines, secrets masked. */
  stderr: readonly string[];
}

/** FFmpeg ended although nobody asked it to: its exit code says nothing, its last words sometimes do. */
export function unaskedExit({ spawnError, signal, stderr }: EndedRun, gaveFootage: boolean): CaptureFailure {
  if (spawnError) {
    const said = { code: 'RECORDING.FFMPEG_FAILED', values: { reason: spawnError.message } } as const;
    return failureWith(said, { cause: 'ffmpeg_failed', permanent: false });
  }
  const refusal = gaveFootage ? null : refusalIn(stderr);
  if (refusal) return refusal;
  const words = stderr.slice(-2).join(' ').slice(0, 300);
  if (gaveFootage) {
    const ended = failureWith({ code: 'RECORDING.CAMERA_LOST' }, { cause: 'camera_lost', permanent: false });
    return words ? { ...ended, message: `${ended.message} FFmpeg said: ${words}` } : ended;
  }
  const how = signal ? `was killed (${signal})` : 'ended';
  const message = `FFmpeg ${how} before the first picture.${words ? ` It said: ${words}` : ''}`;
  const failed = { cause: 'ffmpeg_failed', permanent: false } as const;
  const rest = signal ? ({ ...failed, wasKilled: true } as const) : failed;
  return failureWith({ code: 'RECORDING.FFMPEG_FAILED', message }, rest);
}

/** What the camera answered to FFmpeg's SETUP or PLAY; what it answers to DESCRIBE was found out before FFmpeg was started. */
function refusalIn(stderr: readonly string[]): CaptureFailure | null {
  const line = stderr.findLast((said) => REFUSAL.test(said));
  const status = Number(REFUSAL.exec(line ?? '')?.[1]);
  if (!status) return null;
  if (status === 453) {
    const said = { code: 'CAMERA.BUSY_SESSIONS', values: { who: 'The camera' } } as const;
    return failureWith(said, { cause: 'camera_refused', permanent: false });
  }
  const message = `The camera described its stream but refused to send it: RTSP status ${status}.`;
  const said = { code: 'CAMERA.RTSP_FAILED', message } as const;
  return failureWith(said, { cause: 'camera_unreachable', permanent: false });
}

export function stalled(silentMs: number): CaptureFailure {
  const said = { code: 'RECORDING.STALLED', values: { seconds: seconds(silentMs) } } as const;
  return failureWith(said, { cause: 'stalled', permanent: false });
}

/** It sends, but nothing with which a video could begin. */
export function noKeyFrame(sinceMs: number): CaptureFailure {
  return withoutVideo({ code: 'RECORDING.NO_KEY_FRAME', values: { seconds: seconds(sinceMs) } });
}

/** It sends something, but not what it announced as its video. */
export function noPictures(sinceMs: number): CaptureFailure {
  return withoutVideo({ code: 'RECORDING.NO_PICTURES', values: { seconds: seconds(sinceMs) } });
}

/** FFmpeg hears the camera, and has not found out what it sends. */
export function stillLooking(sinceMs: number): CaptureFailure {
  return withoutVideo({ code: 'RECORDING.LOOK_TIMEOUT', values: { seconds: seconds(sinceMs) } });
}

function withoutVideo(said: Said): CaptureFailure {
  return failureWith(said, { cause: 'no_video', permanent: false });
}

/** Pictures whose times are all the same are recorded by when they come, in a session of their own. */
export function timesAreEqual(): CaptureFailure {
  const rest = { cause: 'clock_jumped', permanent: false, triesOtherwise: true } as const;
  return failureWith({ code: 'RECORDING.EQUAL_TIMES' }, rest);
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}

/** @param byMs null: by hours or more */
export function clockJumped(byMs: number | null): CaptureFailure {
  const how =
    byMs === null ? 'by hours or more' : `${byMs > 0 ? 'forward' : 'back'} by ${Math.abs(Math.round(byMs) / 1_000)} s`;
  const said = { code: 'RECORDING.CLOCK_JUMPED', values: { how } } as const;
  return failureWith(said, { cause: 'clock_jumped', permanent: false });
}
