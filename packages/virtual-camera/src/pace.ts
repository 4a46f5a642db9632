import type { Oddities } from './oddities/oddities.js';

/** When a camera takes its frames: both ways between the number of a frame and milliseconds from the camera's start. */
export interface Pace {
  /** Frames per second, on average. */
  fps: number;
  msOf(frame: number): number;
  /** Whole for an instant at which a frame is taken; between two frames it is in proportion. */
  frameAt(ms: number): number;
}

export function constantPace(fps: number): Pace {
  return { fps, msOf: (frame) => (frame * 1000) / fps, frameAt: (ms) => (ms * fps) / 1000 };
}

interface Stretch {
  fps: number;
  fromMs: number;
  toMs: number;
  fromFrame: number;
  toFrame: number;
}

/** Rates that follow one another, over and over. */
export function scheduledPace(steps: readonly { fps: number; forSec: number }[]): Pace {
  const stretches: Stretch[] = [];
  let [periodMs, periodFrames] = [0, 0];
  for (const { fps, forSec } of steps) {
    const [toMs, toFrame] = [periodMs + forSec * 1000, periodFrames + fps * forSec];
    stretches.push({ fps, fromMs: periodMs, toMs, fromFrame: periodFrames, toFrame });
    [periodMs, periodFrames] = [toMs, toFrame];
  }
  return {
    fps: (periodFrames * 1000) / periodMs,
    msOf: (frame) => {
      const [rounds, rest] = divide(frame, periodFrames);
      const at = find(stretches, ({ toFrame }) => rest < toFrame);
      return rounds * periodMs + at.fromMs + ((rest - at.fromFrame) * 1000) / at.fps;
    },
    frameAt: (ms) => {
      if (!Number.isFinite(ms)) return ms;
      const [rounds, rest] = divide(ms, periodMs);
      const at = find(stretches, ({ toMs }) => rest < toMs);
      return rounds * periodFrames + at.fromFrame + ((rest - at.fromMs) * at.fps) / 1000;
    },
  };
}

/** The pace of a camera whose clips are made for so many frames per second. */
export function planPace(
  clipFps: number,
  { sentFps, rateSchedule }: Readonly<Pick<Oddities, 'sentFps' | 'rateSchedule'>>,
): Pace {
  if (rateSchedule === null) return constantPace(sentFps ?? clipFps);
  const steps = rateSchedule.split(',').map((step) => step.split(':').map(Number));
  return scheduledPace(steps.map(([fps = 0, forSec = 0]) => ({ fps, forSec })));
}

function divide(value: number, by: number): [whole: number, rest: number] {
  const whole = Math.floor(value / by);
  return [whole, value - whole * by];
}

function find(stretches: readonly Stretch[], matches: (stretch: Stretch) => boolean): Stretch {
  const found = stretches.find(matches) ?? stretches.at(-1);
  if (!found) throw new RangeError('A schedule needs a step');
  return found;
}
