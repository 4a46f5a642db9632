/** Frames at an even rate: one stands at `beatMs`, the others any number of steps from it. */
export interface Rhythm {
  beatMs: number;
  stepMs: number;
}

/** What rounding to the ticks of a track makes of a beat. */
const ROUNDING_BEATS = 0.01;

/** How long it is from an instant to the next beat at or after it; a beat missed by a rounding is met. */
export function untilNextBeat({ beatMs, stepMs }: Rhythm, atMs: number): number {
  const beats = (atMs - beatMs) / stepMs;
  return (Math.ceil(beats - ROUNDING_BEATS) - beats) * stepMs;
}
