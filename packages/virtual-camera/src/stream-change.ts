import type { AudioCodec, VideoParameters } from './clip/parameters.js';
import { AUDIO_CODECS, checkVideoParameters, loopSec } from './clip/parameters.js';
import { CameraInputError, checkFields, decimal, oneOf, requireObject, whole } from './faults/input.js';
import type { StreamSetup } from './options.js';

/** How somebody has reconfigured the camera's first stream; what is left out is as the camera began. */
export interface StreamChange {
  /** All but `fps`: frames keep their numbers through a change. */
  video?: Partial<Omit<VideoParameters, 'fps'>>;
  audio?: AudioCodec;
}

const VIDEO_RULES = {
  codec: oneOf('h264', 'h265', 'mjpeg'),
  width: whole(160, 1920),
  height: whole(96, 1088),
  gopSec: decimal(0.001, 240),
  bFrames: whole(0, 3),
  bitrateKbps: whole(50, 20_000),
};

/** The value as a change; throws CameraInputError. */
export function checkStreamChange(value: unknown): StreamChange {
  const change = requireObject('A stream change', value);
  checkFields(change, { video: () => undefined, audio: oneOf(...AUDIO_CODECS) });
  if (change['video'] !== undefined) checkFields(requireObject('video', change['video']), VIDEO_RULES);
  return change;
}

/** The stream after the change; throws CameraInputError when it does not fit, or would break the count of frames. */
export function planStreamChange(original: StreamSetup, change: StreamChange): StreamSetup {
  const { codec } = change.video ?? {};
  // Another codec does not take over the B-frames.
  const base =
    codec === undefined || codec === original.video.codec ? original.video : { ...original.video, bFrames: 0 };
  const video = { ...base, ...change.video };
  try {
    checkVideoParameters(video);
  } catch (error) {
    throw new CameraInputError([(error as Error).message]);
  }
  if (loopSec(video) !== loopSec(original.video)) {
    throw new CameraInputError([`gopSec ${video.gopSec} would change the loop's length: use another that divides it`]);
  }
  return { name: original.name, video, audio: change.audio ?? original.audio };
}
