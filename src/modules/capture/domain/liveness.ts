import { type CaptureFailure, noKeyFrame, noPictures, stalled, stillLooking } from './failure.js';

/** How long what is alive is waited for, in milliseconds. */
export interface LivenessLimits {
  /** For a camera that sends nothing. */
  stallTimeoutMs: number;
  /** For the first key frame, or the first picture, of a camera that sends. */
  keyFrameTimeoutMs: number;
  /** For the first picture, when it is another limit. */
  noPicturesMs?: number;
  /** For FFmpeg to find out what a camera sends. */
  lookTimeoutMs: number;
}

/** What is seen of an FFmpeg that runs; ages in milliseconds of the time in which it was looked at. */
export interface Liveness {
  /** Since it was started. */
  runsMs: number;
  /** It has not begun to hand on what it hears. It ends by itself when it hears nothing. */
  isLooking: boolean;
  /** Since it heard a picture last, whether that could be recorded or not; null: none yet. */
  pictureAgoMs: number | null;
  /** Since it gave a whole fragment last; null: none yet. */
  fragmentAgoMs: number | null;
}

/**
 * Why a session is to be ended although FFmpeg goes on with it, or null: it is alive. A camera may look at a stream for long,
 * may send a key frame every few minutes only, and a picture every few seconds.
 */
export function findStandstill(seen: Liveness, limits: LivenessLimits): CaptureFailure | null {
  const { runsMs, isLooking, pictureAgoMs, fragmentAgoMs } = seen;
  const { stallTimeoutMs, keyFrameTimeoutMs, lookTimeoutMs } = limits;
  const silentMs = Math.min(pictureAgoMs ?? Infinity, fragmentAgoMs ?? Infinity);
  if (fragmentAgoMs !== null) {
    const allowedMs = pictureAgoMs === null || pictureAgoMs > stallTimeoutMs ? stallTimeoutMs : keyFrameTimeoutMs;
    return fragmentAgoMs > allowedMs ? stalled(fragmentAgoMs) : null;
  }
  if (isLooking) return runsMs > lookTimeoutMs ? stillLooking(runsMs) : null;
  if (pictureAgoMs === null) return runsMs > (limits.noPicturesMs ?? keyFrameTimeoutMs) ? noPictures(runsMs) : null;
  if (silentMs > stallTimeoutMs) return stalled(silentMs);
  return runsMs > keyFrameTimeoutMs ? noKeyFrame(runsMs) : null;
}
