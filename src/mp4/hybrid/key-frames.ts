import type { SampleTable } from './sample-table.js';

/** How far the key frames of a video are apart. */
export interface KeyFrames {
  count: number;
  /** Pictures from one key frame to the next: usual and most; the last stretch counts to the end of the video. */
  usualFrames: number;
  maxFrames: number;
}

export function countKeyFrames({ syncs, sampleCount }: SampleTable): KeyFrames {
  const count = syncs.length;
  const distances = Array.from({ length: count }, (_, index) => {
    const next = index + 1 < count ? syncs.at(index + 1) : sampleCount + 1;
    return next - syncs.at(index);
  });
  // The last stretch was cut where the recording ended: it tells nothing usual, unless there is no other.
  const whole = (count > 1 ? distances.slice(0, -1) : distances).sort((a, b) => a - b);
  return {
    count,
    usualFrames: whole[whole.length >> 1] ?? 0,
    maxFrames: distances.reduce((most, frames) => Math.max(most, frames), 0),
  };
}
