import type { Oddities } from '../oddities/oddities.js';
import type { Pace } from '../pace.js';
import type { Track, TrackUnit } from '../rtp/track.js';
import { unitAt } from './track-clock.js';

const USUAL_SEC = 10;

/**
 * The frames of two clips by turns, each group of pictures from one of them. Both have as many frames and their key
 * frames in the same places. It depends on the frame's number alone, so that all sessions see the same.
 */
export function unitsBySize(
  track: Track,
  other: Track,
  pace: Pace,
  { otherSizeEverySec }: Readonly<Pick<Oddities, 'otherSizeEverySec'>>,
): (index: number) => TrackUnit {
  const turnMs = (otherSizeEverySec ?? USUAL_SEC) * 1000;
  return (index) => {
    let first = index;
    while (first > 0 && !unitAt(track, first).keyFrame) first--;
    const turn = Math.floor(pace.msOf(first) / turnMs);
    return unitAt(turn % 2 === 0 ? track : other, index);
  };
}
