import type { FfmpegCapabilities } from '../../../ffmpeg/domain/capabilities.js';
import { movFlags, videoArgs } from '../../../ffmpeg/domain/mp4-output.js';
import type { PictureFormat, SoundFormat } from './assembly-plan.js';

const QUIET = ['-hide_banner', '-nostats', '-loglevel', 'error'];
const FRAGMENTS_IN = ['-f', 'mp4', '-i', 'pipe:0'];
/** Ticks per second of all encoded video: RTP's own clock, so that no frame's time is rounded. */
const VIDEO_CLOCK = 90_000;
/** Visually close to the source; twice as many bits would hardly show (https://trac.ffmpeg.org/wiki/Encode/H.264#crf). */
const QUALITY_CRF = '21';
const KEY_FRAME_SEC = 2;
/** A capture's sound may be out of step by less than a picture's time; beyond that, silence is put in or sound is cut. */
const SOUND_STEP_SEC = 0.04;

/** Room for what comes before the first picture: an AAC encoder begins 1024 samples early, 139 ms at 7350 Hz. */
export const JOIN_OFFSET_MS = 1_000;
/** As long as a capture's, so that players need not wait for more. */
const FRAGMENT_MS = 1_000;

/** Fragmented MP4 as captures are stored, and for the same reasons: see `buildCaptureCommand`. */
export interface FragmentsOut {
  /** Of the video, as ffprobe spells it. */
  videoCodec: string;
  capabilities: FfmpegCapabilities;
}

/** Joined video fragments on standard input and, with sound, samples (`s16le`) on file descriptor 3 into one fragmented MP4. */
export function buildJoinArgs(
  sound: SoundFormat | null,
  { outPath, ...fragments }: FragmentsOut & { outPath: string },
): string[] {
  const videoIn = [...QUIET, '-copyts', ...FRAGMENTS_IN];
  const video = ['-map', '0:v', ...videoArgs(fragments)];
  const offset = ['-output_ts_offset', String(JOIN_OFFSET_MS / 1_000)];
  const out = [...offset, ...fragmentsOut(fragments), '-y', `file:${outPath}`];
  if (!sound) return [...videoIn, ...video, ...out];
  const { sampleRate, channels } = sound;
  const samplesIn = ['-f', 's16le', '-ar', String(sampleRate), '-ac', String(channels), '-i', 'pipe:3'];
  const encode = ['-map', '1:a', '-c:a', 'aac', '-b:a', `${(sampleRate > 16_000 ? 96 : 48) * channels}k`];
  return [...videoIn, ...samplesIn, ...video, ...encode, ...out];
}

/** The video of fragments on standard input as fragments on standard output: copied, or encoded to `picture`; times stay as they are. */
export function buildVideoPartArgs(
  picture: PictureFormat | null,
  { threads, ...fragments }: FragmentsOut & { threads: number },
): string[] {
  const codec = picture ? encodeTo(picture, fragments.capabilities, threads) : videoArgs(fragments);
  return [
    ...QUIET,
    ...['-filter_threads', '1', '-copyts', '-threads', String(threads), ...FRAGMENTS_IN, '-map', '0:v:0', ...codec],
    ...[...fragmentsOut(fragments), 'pipe:1'],
  ];
}

function fragmentsOut({ videoCodec, capabilities }: FragmentsOut): string[] {
  return [
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
    ...['-movflags', movFlags({ videoCodec }, capabilities), '-frag_duration', String(FRAGMENT_MS * 1_000)],
    ...['-f', 'mp4'],
  ];
}

/**
 * Encodes all parts alike, so that they share one sample description: size, range, level and clock are fixed, whatever comes in.
 * No B-frames: then frames are stored in the order they are shown, and parts can follow each other closely.
 */
function encodeTo(
  { width, height, fps }: PictureFormat,
  { frameRateMode }: FfmpegCapabilities,
  threads: number,
): string[] {
  const fit = [
    `scale=w='trunc(min(${width},${height}*dar)/2)*2':h='trunc(min(${height},${width}/dar)/2)*2':out_range=tv`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`,
    'setsar=1,format=yuv420p',
  ].join(',');
  const sameForAll = `fps=${fps}:colorprim=undef:transfer=undef:colormatrix=undef:chromaloc=0`;
  return [
    ...['-vf', fit, `-${frameRateMode}`, 'passthrough', '-enc_time_base', `1:${VIDEO_CLOCK}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', QUALITY_CRF, '-profile:v', 'high', '-bf', '0'],
    ...['-force_key_frames', `expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+${KEY_FRAME_SEC}))`],
    ...['-x264-params', sameForAll, '-threads', String(threads), '-video_track_timescale', String(VIDEO_CLOCK)],
  ];
}

/**
 * The sound of fragments on standard input as samples (`s16le`) on standard output, with silence where none is.
 * @param fromMs time of the fragments at which the samples begin
 */
export function buildSoundPartArgs({ sampleRate, channels }: SoundFormat, fromMs = 0): string[] {
  const inStep = `aresample=${sampleRate}:async=1:first_pts=0:min_hard_comp=${SOUND_STEP_SEC}`;
  return [
    ...QUIET,
    ...['-copyts', ...(fromMs === 0 ? [] : ['-itsoffset', String(-fromMs / 1_000)]), ...FRAGMENTS_IN],
    ...['-map', '0:a:0', '-af', inStep, '-ac', String(channels), '-f', 's16le', 'pipe:1'],
  ];
}
