import type { Assembly } from '../../../schema/assembly.js';
import type { CaptureFootage, Take } from '../../footage/index.js';
import { readAudioConfig } from '../../../mp4/audio-config.js';
import type { InitSegment, Track } from '../../../mp4/init-segment.js';

/** A capture of which it is known how it is encoded. */
export interface EncodedCapture extends CaptureFootage {
  init: InitSegment;
}

/** What the pictures of one file have in common. */
export interface PictureFormat {
  width: number;
  height: number;
  /** Of the fastest part, rounded up: the encoder's level depends on it. */
  fps: number;
}

/** What the sound of one file has in common. */
export interface SoundFormat {
  sampleRate: number;
  channels: number;
}

/** AAC and browsers know more; no camera's sound is better than this. */
const MAX_SAMPLE_RATE = 48_000;
const MAX_CHANNELS = 2;

/**
 * How takes become one file, and which of them are in it: without an encoder for video, the part that is alike and of which there is
 * most is all that fits.
 */
export function planAssembly<C extends EncodedCapture>(
  takes: readonly Take<C>[],
  canEncode: boolean,
): { assembly: Assembly; takes: Take<C>[] } {
  const assembly = chooseAssembly(takes);
  if (assembly !== 're_encoded' || canEncode) return { assembly, takes: [...takes] };
  return { assembly: 'copied', takes: largestUniform(takes) };
}

/** What it takes to bring all takes into one file. */
export function chooseAssembly(takes: readonly Take<EncodedCapture>[]): Assembly {
  if (countDistinct(takes, ({ init }) => init.configDigest) <= 1) return 'copied';
  return countDistinct(takes, ({ init }) => init.video.configDigest) === 1 ? 'audio_re_encoded' : 're_encoded';
}

function countDistinct(takes: readonly Take<EncodedCapture>[], keyOf: (capture: EncodedCapture) => string): number {
  return new Set(takes.map(({ capture }) => keyOf(capture))).size;
}

/** Takes in a row that share a configuration belong together: each group can be read as one stream. */
export function groupUniform<T extends Take>(takes: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const take of takes) {
    const current = groups.at(-1);
    if (current?.[0]?.capture.configDigest === take.capture.configDigest) current.push(take);
    else groups.push([take]);
  }
  return groups;
}

/** One file has one configuration (codec, size): the takes of the one that most of the footage has. */
export function largestUniform<T extends Take>(takes: readonly T[]): T[] {
  const lengths = new Map<string, number>();
  for (const { capture, span } of takes) {
    lengths.set(capture.configDigest, (lengths.get(capture.configDigest) ?? 0) + span.endMs - span.startMs);
  }
  const [winner] = [...lengths].sort(([, a], [, b]) => b - a);
  return takes.filter(({ capture }) => capture.configDigest === winner?.[0]);
}

/** The frame of the largest part, even as H.264 with 4:2:0 wants it; smaller parts get bars. */
export function planPicture(takes: readonly Take<EncodedCapture>[]): PictureFormat {
  const [largest] = takes.map(({ capture }) => capture.init.video).sort((a, b) => areaOf(b) - areaOf(a));
  return {
    width: roundUpToEven(largest?.width ?? 0),
    height: roundUpToEven(largest?.height ?? 0),
    fps: Math.max(1, ...takes.map(fpsOf)),
  };
}

function areaOf({ width, height }: Track): number {
  return width * height;
}

function roundUpToEven(pixels: number): number {
  return Math.ceil(pixels / 2) * 2;
}

function fpsOf({ fragments }: Take): number {
  const frames = fragments.reduce((sum, fragment) => sum + fragment.frames, 0);
  const durationMs = fragments.reduce((sum, fragment) => sum + fragment.durationMs, 0);
  return durationMs > 0 ? Math.ceil((frames * 1_000) / durationMs) : 1;
}

/** The best sound of any part; null when none has sound. */
export function planSound(takes: readonly Take<EncodedCapture>[]): SoundFormat | null {
  const tracks = takes.flatMap(({ capture }) => findAudio(capture.init) ?? []);
  if (tracks.length === 0) return null;
  const channels = tracks.map(({ decoderConfig }) => readAudioConfig(decoderConfig)?.channels ?? 1);
  return {
    sampleRate: Math.min(MAX_SAMPLE_RATE, Math.max(...tracks.map(({ timescale }) => timescale))),
    channels: Math.min(MAX_CHANNELS, Math.max(1, ...channels)),
  };
}

const CODECS: Record<string, string> = { avc1: 'h264', hvc1: 'hevc', hev1: 'hevc' };

/** The codec of a video track, as ffprobe spells it. */
export function codecOf({ sampleEntry, decoderConfig }: Track): string {
  // Both are MPEG-4's to the container; only MJPEG needs nothing to be decoded by.
  if (sampleEntry === 'mp4v') return decoderConfig.length === 0 ? 'mjpeg' : 'mpeg4';
  return CODECS[sampleEntry] ?? sampleEntry;
}

export function findAudio({ tracks }: InitSegment): Track | undefined {
  return tracks.find(({ kind }) => kind === 'audio');
}
