import { type Box, findBoxes, readBoxes } from './boxes.js';
import { buildBox, buildFullBox, uint32, uint64 } from './box-writer.js';
import { readFragmentTiming } from './fragment.js';
import { type InitSegment, parseInitSegment } from './init-segment.js';
import { silentFrame } from './silence.js';
import { addSoundTrak, SOUND_TRACK_ID, type SoundFormat } from './sound-trak.js';
import { readTrackFragments } from './track-fragment.js';

/** A `moof` with its `mdat`. */
export interface Mp4Fragment {
  moof: Buffer;
  mdat: Buffer;
}

interface SoundFrame {
  startTicks: number;
  durationTicks: number;
  bytes: Buffer;
}

/** Frames of AAC-LC. */
const FRAME_TICKS = 1_024;
/** A camera that says nothing for so long of its pictures' time is silent: players would wait for the sound that was announced. */
const SILENT_AFTER_MS = 2_000;
/** How far silence stays behind the pictures: sound needs this long through the encoder, at 8 kHz (measured: up to 0.42 s). */
const SILENCE_LAG_MS = 450;
/** Nothing is kept for pictures that do not come: a minute at 48 kHz. */
const MAX_FRAMES = 3_000;

/**
 * Puts sound that FFmpeg gives in a file of its own into the fragments of the pictures, whenever it comes, and silence as long as none does.
 * Both files count time from the same instant. Each fragment holds the sound that has come by then, which is a little older.
 */
export class SoundTrack {
  private init: InitSegment | null = null;
  private readonly early: Mp4Fragment[] = [];
  private readonly frames: SoundFrame[] = [];
  /** End of what is in the fragments so far. */
  private endTicks: number | null = null;
  /** Up to where the pictures had come when sound was heard last; at first, where they begin. */
  private heardMs: number | null = null;

  /** As the file of the sound alone has it. */
  private own: Pick<InitSegment, 'tracks'> | null = null;

  constructor(private readonly format: SoundFormat) {}

  /** @returns the init segment of both */
  describe(videoInit: Buffer): Buffer {
    const bytes = addSoundTrak(videoInit, this.format);
    this.init = parseInitSegment(bytes);
    this.own = { tracks: this.init.tracks.slice(-1).map((track) => ({ ...track, trackId: FILE_TRACK_ID })) };
    for (const fragment of this.early.splice(0)) this.add(fragment);
    return bytes;
  }

  /** Takes a fragment of the sound's file; before the pictures are described it waits. */
  add(fragment: Mp4Fragment): void {
    if (this.own) this.read(fragment, this.own);
    else this.early.push(fragment);
    this.early.splice(0, Math.max(0, this.early.length - MAX_FRAMES));
  }

  private read({ moof, mdat }: Mp4Fragment, own: Pick<InitSegment, 'tracks'>): void {
    const [sound] = readTrackFragments(moof, own);
    if (!sound) return;
    const { startTicks, samples } = sound;
    let at = startTicks;
    let offset = mdat.length - samples.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { durationTicks, sizeBytes } of samples) {
      this.frames.push({ startTicks: at, durationTicks, bytes: mdat.subarray(offset, offset + sizeBytes) });
      at += durationTicks;
      offset += sizeBytes;
    }
    this.frames.splice(0, Math.max(0, this.frames.length - MAX_FRAMES));
  }

  /** @returns a fragment of the pictures together with the sound that has come since the last one */
  join(fragment: Mp4Fragment): Mp4Fragment {
    const timing = this.init && readFragmentTiming(fragment.moof, this.init);
    if (!timing) return fragment;
    const endMs = timing.startMs + timing.durationMs;
    const heard = this.frames.splice(0);
    this.heardMs ??= timing.startMs;
    this.endTicks ??= heard.length > 0 ? null : this.ticksAt(timing.startMs);
    if (heard.length > 0) this.heardMs = endMs;
    const isSilent = endMs - this.heardMs > SILENT_AFTER_MS;
    const frames = isSilent ? this.silenceUntil(this.ticksAt(endMs - SILENCE_LAG_MS)) : this.inOrder(heard);
    const last = frames.at(-1);
    if (!last) return fragment;
    this.endTicks = last.startTicks + last.durationTicks;
    return withSound(fragment, frames);
  }

  private ticksAt(ms: number): number {
    return Math.ceil((ms * this.format.sampleRate) / 1_000);
  }

  private silenceUntil(untilTicks: number): SoundFrame[] {
    const bytes = silentFrame(this.format.channels);
    const frames: SoundFrame[] = [];
    if (!bytes) return frames;
    for (let at = this.endTicks ?? untilTicks; at + FRAME_TICKS <= untilTicks; at += FRAME_TICKS) {
      frames.push({ startTicks: at, durationTicks: FRAME_TICKS, bytes });
    }
    return frames;
  }

  /** One frame lasts until the next one begins; those that begin before the end of what is there already are left out. */
  private inOrder(heard: readonly SoundFrame[]): SoundFrame[] {
    const frames: SoundFrame[] = [];
    let endTicks = this.endTicks ?? -Infinity;
    for (const frame of heard) {
      const last = frames.at(-1);
      if (frame.startTicks < endTicks - 1) continue;
      if (last) last.durationTicks = frame.startTicks - last.startTicks;
      frames.push({ ...frame });
      endTicks = frame.startTicks + frame.durationTicks;
    }
    return frames;
  }
}

const FILE_TRACK_ID = 1;
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const TFHD_FLAGS = 0x20;
/** It depends on nothing else (14496-12, 8.8.3.1). */
const SYNC_SAMPLE = 0x0200_0000;
const TRUN = { dataOffset: 0x1, duration: 0x100, size: 0x200 } as const;
const MDAT_HEADER_BYTES = 8;

/** Adds a `traf` of sound behind those of a fragment, and its bytes behind theirs. */
function withSound({ moof, mdat }: Mp4Fragment, frames: readonly SoundFrame[]): Mp4Fragment {
  const soundBytes = Buffer.concat(frames.map(({ bytes }) => bytes));
  const trafBytes = buildTraf(frames, 0).length;
  const traf = buildTraf(frames, moof.length + trafBytes + mdat.length);
  const [whole] = readBoxes(moof);
  const pictures = Buffer.from(moof.subarray(whole!.bodyStart, whole!.end));
  for (const at of dataOffsets(moof, whole!)) {
    pictures.writeInt32BE(moof.readInt32BE(at) + trafBytes, at - whole!.bodyStart);
  }
  const media = mdat.subarray(MDAT_HEADER_BYTES);
  return { moof: buildBox('moof', pictures, traf), mdat: buildBox('mdat', media, soundBytes) };
}

function buildTraf(frames: readonly SoundFrame[], dataOffset: number): Buffer {
  const tfhd = buildFullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | TFHD_FLAGS, uint32(SOUND_TRACK_ID, SYNC_SAMPLE));
  const tfdt = buildFullBox('tfdt', 1, 0, uint64(frames[0]!.startTicks));
  const samples = uint32(...frames.flatMap(({ durationTicks, bytes }) => [durationTicks, bytes.length]));
  const flags = TRUN.dataOffset | TRUN.duration | TRUN.size;
  return buildBox('traf', tfhd, tfdt, buildFullBox('trun', 0, flags, uint32(frames.length, dataOffset), samples));
}

/** Where the data offsets of a fragment's runs stand in its `moof`. */
function dataOffsets(moof: Buffer, whole: Box): number[] {
  return findBoxes(moof, 'traf', whole)
    .flatMap((traf) => findBoxes(moof, 'trun', traf))
    .filter(({ bodyStart }) => (moof.readUIntBE(bodyStart + 1, 3) & TRUN.dataOffset) !== 0)
    .map(({ bodyStart }) => bodyStart + 8);
}
