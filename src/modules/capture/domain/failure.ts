import { AppError, messageOf } from '../../../common/errors.js';
import type { GapCause } from '../../../schema/ledger.js';
import { Mp4Error } from '../../../mp4/boxes.js';

/** Why an attempt to capture gave no footage, or no more. */
export interface CaptureFailure {
  /** Stable, for `failure.code` of the playback. */
  code: string;
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

/** Camera errors that a later attempt may not meet again: the camera is restarting, full, or away. */
const TRANSIENT: Partial<Record<string, GapCause>> = {
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
  return { code, message, cause: noVideo ? 'no_video' : 'camera_refused', permanent: error.fault !== 'service' };
}

function failureInside(error: unknown): CaptureFailure {
  if (NO_SPACE.includes((error as NodeJS.ErrnoException | null)?.code ?? '')) {
    const message = "The recorder's disk is full.";
    return { code: 'RECORDING.DISK_FULL', message, cause: 'disk_full', permanent: true };
  }
  if (error instanceof Mp4Error) {
    const message = `FFmpeg gave something that is no fragmented MP4: ${error.message}.`;
    return { code: 'RECORDING.STREAM_INVALID', message, cause: 'ffmpeg_failed', permanent: false };
  }
  return { code: 'RECORDING.INTERNAL', message: messageOf(error), cause: 'unknown', permanent: false };
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
    const message = `FFmpeg could not be started: ${spawnError.message}.`;
    return { code: 'RECORDING.FFMPEG_FAILED', message, cause: 'ffmpeg_failed', permanent: false };
  }
  const refusal = gaveFootage ? null : refusalIn(stderr);
  if (refusal) return refusal;
  const words = stderr.slice(-2).join(' ').slice(0, 300);
  if (gaveFootage) {
    const message = `The camera ended the stream.${words ? ` FFmpeg said: ${words}` : ''}`;
    return { code: 'RECORDING.CAMERA_LOST', message, cause: 'camera_lost', permanent: false };
  }
  const how = signal ? `was killed (${signal})` : 'ended';
  const message = `FFmpeg ${how} before the first picture.${words ? ` It said: ${words}` : ''}`;
  const failure = { code: 'RECORDING.FFMPEG_FAILED', message, cause: 'ffmpeg_failed', permanent: false } as const;
  return signal ? { ...failure, wasKilled: true } : failure;
}

/** What the camera answered to FFmpeg's SETUP or PLAY; what it answers to DESCRIBE was found out before FFmpeg was started. */
function refusalIn(stderr: readonly string[]): CaptureFailure | null {
  const line = stderr.findLast((said) => REFUSAL.test(said));
  const status = Number(REFUSAL.exec(line ?? '')?.[1]);
  if (!status) return null;
  if (status === 453) {
    const message = 'The camera serves as many viewers as it can: close one and try again.';
    return { code: 'CAMERA.BUSY_SESSIONS', message, cause: 'camera_refused', permanent: false };
  }
  const message = `The camera described its stream but refused to send it: RTSP status ${status}.`;
  return { code: 'CAMERA.RTSP_FAILED', message, cause: 'camera_unreachable', permanent: false };
}

export function stalled(silentMs: number): CaptureFailure {
  const message = `The camera sent nothing for ${seconds(silentMs)} although it stayed connected.`;
  return { code: 'RECORDING.STALLED', message, cause: 'stalled', permanent: false };
}

/** It sends, but nothing with which a video could begin. */
export function noKeyFrame(sinceMs: number): CaptureFailure {
  const message = `The camera sent pictures for ${seconds(sinceMs)}, but no key frame among them: set a shorter key frame interval (GOP).`;
  return { code: 'RECORDING.NO_KEY_FRAME', message, cause: 'no_video', permanent: false };
}

/** It sends something, but not what it announced as its video. */
export function noPictures(sinceMs: number): CaptureFailure {
  const message = `The camera stayed connected and sent no picture for ${seconds(sinceMs)}.`;
  return { code: 'RECORDING.NO_PICTURES', message, cause: 'no_video', permanent: false };
}

/** FFmpeg hears the camera, and has not found out what it sends. */
export function stillLooking(sinceMs: number): CaptureFailure {
  const message = `FFmpeg looked at the camera's stream for ${seconds(sinceMs)} and found no picture that can be decoded.`;
  return { code: 'RECORDING.LOOK_TIMEOUT', message, cause: 'no_video', permanent: false };
}

/** Pictures whose times are all the same are recorded by when they come, in a session of their own. */
export function timesAreEqual(): CaptureFailure {
  const message = 'The camera gives all its pictures the same time: from now on they are stamped when they come.';
  return { code: 'RECORDING.EQUAL_TIMES', message, cause: 'clock_jumped', permanent: false, triesOtherwise: true };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

/** @param byMs null: by hours or more */
export function clockJumped(byMs: number | null): CaptureFailure {
  const how =
    byMs === null ? 'by hours or more' : `${byMs > 0 ? 'forward' : 'back'} by ${Math.abs(Math.round(byMs) / 1_000)} s`;
  const message = `The camera's clock jumped ${how}.`;
  return { code: 'RECORDING.CLOCK_JUMPED', message, cause: 'clock_jumped', permanent: false };
}
