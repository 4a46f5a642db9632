import type { PictureFormat, SoundFormat } from './assembly-plan.js';
import type { FfmpegCapabilities } from './ffmpeg-args.js';

const QUIET = ['-hide_banner', '-nostats', '-loglevel', 'error'];
const FRAGMENTS_IN = ['-f', 'mp4', '-i', 'pipe:0'];
/** Ticks per second of all encoded video: RTP's own clock, so that no frame's time is rounded. */
const VIDEO_CLOCK = 90_000;
/** Visually close to the source; twice as many bits would hardly show (https://trac.ffmpeg.org/wiki/Encode/H.264#crf). */
const QUALITY_CRF = '21';
const KEY_FRAME_SEC = 2;
/** A capture's sound may be out of step by less than a picture's time; beyond that, silence is put in or sound is cut. */
const SOUND_STEP_SEC = 0.04;

/** Fragments on standard input into a plain MP4 with its `moov` in front. */
export function buildCopyArgs(outPath: string): string[] {
  return [...QUIET, ...FRAGMENTS_IN, '-map', '0', '-c', 'copy', ...plainMp4(outPath)];
}

/** Joined video fragments on standard input and, with sound, samples (`s16le`) on file descriptor 3 into a plain MP4. */
export function buildJoinArgs(sound: SoundFormat | null, outPath: string): string[] {
  const videoIn = [...QUIET, '-copyts', ...FRAGMENTS_IN];
  if (!sound) return [...videoIn, '-map', '0:v', '-c', 'copy', ...plainMp4(outPath)];
  const { sampleRate, channels } = sound;
  const samplesIn = ['-f', 's16le', '-ar', String(sampleRate), '-ac', String(channels), '-i', 'pipe:3'];
  const encode = ['-c:v', 'copy', '-c:a', 'aac', '-b:a', `${(sampleRate > 16_000 ? 96 : 48) * channels}k`];
  return [...videoIn, ...samplesIn, '-map', '0:v', '-map', '1:a', ...encode, ...plainMp4(outPath)];
}

function plainMp4(outPath: string): string[] {
  return ['-movflags', '+faststart', '-f', 'mp4', '-y', `file:${outPath}`];
}

/** The video of fragments on standard input as fragments on standard output: copied, or encoded to `picture`; times stay as they are. */
export function buildVideoPartArgs(
  picture: PictureFormat | null,
  { capabilities, threads }: { capabilities: FfmpegCapabilities; threads: number },
): string[] {
  const codec = picture ? encodeTo(picture, capabilities, threads) : ['-c:v', 'copy'];
  return [
    ...QUIET,
    ...['-filter_threads', '1', '-copyts', '-threads', String(threads), ...FRAGMENTS_IN, '-map', '0:v:0', ...codec],
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+frag_discont', '-frag_duration', '1000000'],
    ...['-f', 'mp4', 'pipe:1'],
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

/** The sound of fragments on standard input as samples (`s16le`) on standard output, from time 0 on, with silence where none is. */
export function buildSoundPartArgs({ sampleRate, channels }: SoundFormat): string[] {
  const inStep = `aresample=${sampleRate}:async=1:first_pts=0:min_hard_comp=${SOUND_STEP_SEC}`;
  return [
    ...QUIET,
    ...['-copyts', ...FRAGMENTS_IN, '-map', '0:a:0', '-af', inStep, '-ac', String(channels), '-f', 's16le', 'pipe:1'],
  ];
}
