import { parseInitSegment } from './init-segment.js';
import { readTrackFragments } from './track-fragment.js';

/** Nearer to each other no pictures were taken: FFmpeg had the same time for both, and put a tick between them. */
const CRAMMED_SEC = 0.001;
/** FFmpeg's guesses at a session's start cram fewer than this (`mendFirstFrames`). */
const MIN_FRAMES = 10;

/** Whether all pictures of a session's first fragment have the same time. The last one stands for what is not known yet. */
export function haveEqualTimes(moof: Buffer, initBytes: Buffer): boolean {
  const init = parseInitSegment(initBytes);
  const video = readTrackFragments(moof, init).find(({ track }) => track === init.video);
  const steps = video?.samples.slice(0, -1).map(({ durationTicks }) => durationTicks / video.track.timescale) ?? [];
  return steps.length >= MIN_FRAMES && steps.every((step) => step < CRAMMED_SEC);
}
