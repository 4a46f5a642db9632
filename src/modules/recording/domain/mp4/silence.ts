import { readAudioConfig } from './audio-config.js';
import type { InitSegment, Track } from './init-segment.js';
import { readTrackFragments } from './track-fragment.js';

const AAC_LC = 2;
/** A frame of AAC-LC without a sound, by channels; sample rate and neighbours do not matter (14496-3, 4.4.2.1: nothing but zero bands). */
const SILENT_FRAMES: Record<number, Buffer> = {
  1: Buffer.from('00c800802380', 'hex'),
  2: Buffer.from('210049900219002380', 'hex'),
};
/** A minute of sound at 48 kHz. */
const MAX_FRAMES = 3_000;

/**
 * Finds where the sound of a stream pauses and gives fragments of silence to put there. Without them Chromium plays what comes after
 * a pause at once, so that the sound is ahead of the picture for good. Only for AAC-LC with one or two channels; else there are none.
 * A pause in the middle of a fragment, shorter than that, stays.
 */
export class SilenceFiller {
  private readonly track: Track | undefined;
  private readonly frame: Buffer | undefined;
  private readonly frameTicks: number = 0;
  /** End of the sound so far as the file says, and as a player that counts frames hears it. */
  private endTicks: number | null = null;
  private heardTicks = 0;

  constructor(private readonly init: InitSegment) {
    const track = init.tracks.find(({ kind }) => kind === 'audio');
    const config = track && readAudioConfig(track.decoderConfig);
    if (!config || config.objectType !== AAC_LC) return;
    this.track = track;
    this.frame = SILENT_FRAMES[config.channels];
    this.frameTicks = Math.round((config.frameSamples * track.timescale) / config.sampleRate);
  }

  /** Fragments that belong before the one with this `moof`, mostly none. To be asked for each fragment in turn. */
  before(moof: Buffer): Buffer[] {
    if (!this.track || !this.frame) return [];
    const sound = readTrackFragments(moof, this.init).find(({ track }) => track === this.track);
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

  /** Whole frames: what is too much or too little of one pause is made good in the next. */
  private fill(fromTicks: number, toTicks: number): Buffer[] {
    if (toTicks - fromTicks < this.frameTicks / 2) return [];
    const count = Math.round((toTicks - this.heardTicks) / this.frameTicks);
    const fragments: Buffer[] = [];
    for (let done = 0; done < count; done += MAX_FRAMES) {
      const at = (index: number) => fromTicks + Math.floor(((toTicks - fromTicks) * index) / count);
      const frames = Math.min(MAX_FRAMES, count - done);
      const durations = Array.from({ length: frames }, (_, index) => at(done + index + 1) - at(done + index));
      fragments.push(buildFragment(this.track!.trackId, at(done), durations, this.frame!));
    }
    this.heardTicks += Math.max(0, count) * this.frameTicks;
    return fragments;
  }
}

const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const DEFAULT_SIZE = 0x10;
const DATA_OFFSET = 0x1;
const SAMPLE_DURATION = 0x100;

/** A fragment of one track whose samples are all alike (14496-12, 8.8.4 to 8.8.12). */
function buildFragment(trackId: number, startTicks: number, durations: readonly number[], sample: Buffer): Buffer {
  const mfhd = fullBox('mfhd', 0, 0, uint32(0));
  const tfhd = fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | DEFAULT_SIZE, uint32(trackId, sample.length));
  const start = Buffer.alloc(8);
  start.writeBigUInt64BE(BigInt(startTicks));
  const tfdt = fullBox('tfdt', 1, 0, start);
  const trun = (dataOffset: number) =>
    fullBox('trun', 0, DATA_OFFSET | SAMPLE_DURATION, uint32(durations.length, dataOffset, ...durations));
  const moof = (dataOffset: number) => box('moof', mfhd, box('traf', tfhd, tfdt, trun(dataOffset)));
  const mdat = box('mdat', ...durations.map(() => sample));
  return Buffer.concat([moof(moof(0).length + 8), mdat]);
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

function fullBox(type: string, version: number, flags: number, ...body: Buffer[]): Buffer {
  return box(type, uint32(version * 0x100_0000 + flags), ...body);
}

function box(type: string, ...body: Buffer[]): Buffer {
  const sizeBytes = 8 + body.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([uint32(sizeBytes), Buffer.from(type, 'latin1'), ...body]);
}
