import type { Still } from './fragment.js';

/** What rounding to the ticks of a track makes of one picture's end and the next one's start. */
const ROUNDING_MS = 2;
/** Two pictures in a row that stood equally long were sent at that rate: silences are not alike. */
const ALIKE = 1.15;
/** Three in a row are a rate also when they differ by so much: cameras that save pictures are not exact. */
const SIMILAR = 2.5;

/**
 * Whether a picture that stood for long was sent at a slow rate: then those right before or behind it stood as long.
 * @param stills in order of time
 */
export function isOfARate(stills: readonly Still[], index: number): boolean {
  const still = stills[index]!;
  const next = (at: number, step: number) => {
    const [from, to] = step > 0 ? [stills[at], stills[at + step]] : [stills[at + step], stills[at]];
    const isInRow = from && to && Math.abs(from.startMs + from.durationMs - to.startMs) <= ROUNDING_MS;
    return isInRow ? (stills[at + step] ?? null) : null;
  };
  const before = next(index, -1);
  const behind = next(index, 1);
  const isLike = (other: Still | null, factor: number) =>
    other !== null &&
    Math.max(other.durationMs, still.durationMs) <= Math.min(other.durationMs, still.durationMs) * factor;
  if (isLike(before, ALIKE) || isLike(behind, ALIKE)) return true;
  if (isLike(before, SIMILAR) && (isLike(behind, SIMILAR) || isLike(next(index - 1, -1), SIMILAR))) return true;
  return isLike(behind, SIMILAR) && isLike(next(index + 1, 1), SIMILAR);
}
