import type { Clip } from '../clip/clip.js';
import type { Oddities } from '../oddities/oddities.js';
import type { Pace } from '../pace.js';
import { uniform } from '../rtp/uniform.js';
import type { Track, TrackUnit } from '../rtp/track.js';

/** When the units of a track leave, in milliseconds from the camera's start, and which RTP time they show. */
export interface TrackClock {
  dueMs(index: number): number;
  /** RTP ticks from the camera's start. */
  ticks(index: number): number;
  /** RTP ticks that a sender report gives for an instant. */
  ticksAt(ms: number): number;
  /** A unit that is due at the instant, or a little before. */
  indexBefore(ms: number): number;
}

/** Units are counted from the camera's start, through all loops. */
export function unitAt(track: Track, index: number): TrackUnit {
  const unit = track.units[index % track.units.length];
  if (!unit) throw new RangeError(`No unit ${index}`);
  return unit;
}

export function loopOf(track: Track, index: number): number {
  return Math.floor(index / track.units.length);
}

/** Number of a video frame since the camera's start, in presentation order. */
export function frameOf(clip: Clip, track: Track, index: number): number {
  return loopOf(track, index) * clip.loopLength + unitAt(track, index).counter;
}

/** Sound follows the wall clock. */
export function soundClock(track: Track, { loopMs }: Pick<Clip, 'loopMs'>): TrackClock {
  const periodMs = loopMs / track.units.length;
  return {
    dueMs: (index) => loopOf(track, index) * loopMs + unitAt(track, index).dueMs,
    ticks: (index) => loopOf(track, index) * track.loopTicks + unitAt(track, index).timestamp,
    ticksAt: (ms) => Math.round((ms / 1000) * track.clockRate),
    indexBefore: (ms) => Math.floor(ms / periodMs) - 4,
  };
}

/** Pictures follow the camera's pace; what their stamps follow is up to the camera's oddities. */
export function videoClock(track: Track, clip: Clip, pace: Pace, oddities: Readonly<Oddities>): TrackClock {
  const clipFps = (clip.loopLength * 1000) / clip.loopMs;
  // A frame with B-frames before it is sent by so many frames later.
  const sendOrder = (index: number) =>
    loopOf(track, index) * clip.loopLength + (unitAt(track, index).dueMs * clipFps) / 1000;
  const ticksOf = (frame: number, ms: number) => {
    if (oddities.stampsEqual) return 0;
    const sec = oddities.stampedFps === null ? ms / 1000 : frame / oddities.stampedFps;
    return Math.round(sec * track.clockRate);
  };
  const jitter = (frame: number) => {
    if (!oddities.stampJitterMs) return 0;
    const share = 2 * uniform([track.payloadType, frame]) - 1;
    return Math.round((share * oddities.stampJitterMs * track.clockRate) / 1000);
  };
  return {
    dueMs: (index) => pace.msOf(sendOrder(index)),
    ticks: (index) => {
      const frame = frameOf(clip, track, index);
      return ticksOf(frame, pace.msOf(frame)) + jitter(frame);
    },
    ticksAt: (ms) => ticksOf(pace.frameAt(ms), ms),
    // A frame may be sent four frames late, because of B-frames.
    indexBefore: (ms) => Math.floor(pace.frameAt(ms)) - 8,
  };
}
