import { readAudioConfig } from './audio-config.js';
import type { InitSegment, Track } from './init-segment.js';
import type { TrackFragment } from './track-fragment.js';

/** Frames without a sound, to be put where a stream has none. */
export interface Silence {
  /** Decode time of the first frame. */
  startTicks: number;
  /** One for each frame. */
  durationsTicks: number[];
}

const AAC_LC = 2;
/** A frame of AAC-LC without a sound, by channels; sample rate and neighbours do not matter (14496-3, 4.4.2.1: nothing but zero bands). */
const SILENT_FRAMES: Record<number, Buffer> = {
  1: Buffer.from('00c800802380', 'hex'),
  2: Buffer.from('210049900219002380', 'hex'),
};
/** A silent frame of AAC-LC, or undefined where none is known for so many channels. */
export function silentFrame(channels: number): Buffer | undefined {
  return SILENT_FRAMES[channels];
}

/** A longer pause is no pause of a recording: it is a wrong time, and an attempt to fill it would have no end. */
const MAX_PAUSE_SEC = 24 * 3_600;
/** A minute of sound at 48 kHz. */
const MAX_FRAMES = 3_000;

/**
 * Finds where the sound of a stream pauses and tells what silence to put there. Without it Chromium plays what comes after
 * a pause at once, so that the sound is ahead of the picture for good. Only for AAC-LC with one or two channels; else there is none.
 * A pause in the middle of a fragment, shorter than that, stays.
 */
export class SilenceFiller {
  /** The track that is filled, and a silent frame of it; undefined when no silence is known. */
  readonly track: Track | undefined;
  readonly frame: Buffer | undefined;
  private readonly frameTicks: number = 0;
  /** End of the sound so far as the file says, and as a player that counts frames hears it. */
  private endTicks: number | null = null;
  private heardTicks = 0;

  constructor(init: InitSegment) {
    const track = init.tracks.find(({ kind }) => kind === 'audio');
    const config = track && readAudioConfig(track.decoderConfig);
    if (!config || config.objectType !== AAC_LC) return;
    this.frameTicks = Math.round((config.frameSamples * track.timescale) / config.sampleRate);
    if (this.frameTicks === 0) return;
    this.track = track;
    this.frame = silentFrame(config.channels);
  }

  /** Silence that belongs before a fragment with these tracks, in pieces of a minute at most; mostly none. To be asked for each fragment in turn. */
  before(fragment: readonly TrackFragment[]): Silence[] {
    if (!this.track || !this.frame) return [];
    const sound = fragment.find(({ track }) => track === this.track);
    if (!sound || sound.samples.length === 0) return [];
    const { startTicks, samples } = sound;
    if (this.endTicks === null) this.heardTicks = this.endTicks = startTicks;
    const silence = this.fill(this.endTicks, startTicks);
    this.heardTicks += samples.length * this.frameTicks;
    // The last one lasts as long as a pause behind it, if FFmpeg knew of the pause.
    const lastTicks = samples.slice(0, -1).reduce((sum, { durationTicks }) => sum + durationTicks, startTicks);
    this.endTicks = lastTicks + Math.min(samples.at(-1)!.durationTicks, this.frameTicks);
    return silence;
  }

  /** None of the sound that was there is going to stay. */
  beginAnew(): void {
    this.endTicks = null;
  }

  /** The sound that was there from then on is not going to stay. */
  endAt(ticks: number): void {
    if (this.endTicks === null || this.endTicks <= ticks) return;
    this.heardTicks -= this.endTicks - ticks;
    this.endTicks = ticks;
  }

  /** Whole frames: what is too much or too little of one pause is made good in the next. */
  private fill(fromTicks: number, toTicks: number): Silence[] {
    if (toTicks - fromTicks < this.frameTicks / 2) return [];
    if (toTicks - Math.min(fromTicks, this.heardTicks) > MAX_PAUSE_SEC * this.track!.timescale) {
      this.heardTicks = toTicks;
      return [];
    }
    const count = Math.round((toTicks - this.heardTicks) / this.frameTicks);
    const pieces: Silence[] = [];
    for (let done = 0; done < count; done += MAX_FRAMES) {
      const at = (index: number) => fromTicks + Math.floor(((toTicks - fromTicks) * index) / count);
      const frames = Math.min(MAX_FRAMES, count - done);
      const durationsTicks = Array.from({ length: frames }, (_, index) => at(done + index + 1) - at(done + index));
      pieces.push({ startTicks: at(done), durationsTicks });
    }
    this.heardTicks += Math.max(0, count) * this.frameTicks;
    return pieces;
  }
}
