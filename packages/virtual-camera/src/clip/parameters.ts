export type VideoCodec = 'h264' | 'h265' | 'mjpeg';
export const AUDIO_CODECS = ['none', 'aac', 'pcmu', 'pcma', 'g722', 'g726', 'l16', 'opus'] as const;
export type AudioCodec = (typeof AUDIO_CODECS)[number];
export type SoundCodec = Exclude<AudioCodec, 'none'>;

export interface VideoParameters {
  codec: VideoCodec;
  width: number;
  height: number;
  fps: number;
  /** Distance between key frames; MJPEG has only key frames. */
  gopSec: number;
  /** B-frames between two other frames. */
  bFrames: number;
  bitrateKbps: number;
  /** Fill every second up to the bitrate, as cameras with a constant one do; H.264 only. Else simple pictures take less. */
  constantBitrate?: boolean;
}

export const VIDEO_DEFAULTS: VideoParameters = {
  codec: 'h264',
  width: 640,
  height: 360,
  fps: 25,
  gopSec: 2,
  bFrames: 0,
  bitrateKbps: 1000,
};

/** A loop is at least this long … */
const MIN_LOOP_SEC = 20;
/** … and a multiple of this, which is a whole number of audio frames of each codec (125 of AAC at 32 kHz, 200 of 20 ms). */
const LOOP_STEP_SEC = 4;
const MAX_LOOP_SEC = 240;

/** Length of the clip: whole GOPs, whole audio frames, 20 s or a little more. */
export function loopSec(video: VideoParameters): number {
  for (let length = MIN_LOOP_SEC; length <= MAX_LOOP_SEC; length += LOOP_STEP_SEC) {
    const gops = length / video.gopSec;
    if (Math.abs(gops - Math.round(gops)) < 1e-9) return length;
  }
  throw new RangeError(`gopSec ${video.gopSec} does not fit into a loop of ${MIN_LOOP_SEC} to ${MAX_LOOP_SEC} s`);
}

/** Throws a RangeError that names the parameter at fault. */
export function checkVideoParameters(video: VideoParameters): void {
  const { codec, width, height, fps, gopSec, bFrames, bitrateKbps } = video;
  const multiple = codec === 'mjpeg' ? 8 : 2;
  const rules: [boolean, string][] = [
    [isWithin(width, 160, 1920) && width % multiple === 0, `width must be a multiple of ${multiple} from 160 to 1920`],
    [isWithin(height, 96, 1088) && height % multiple === 0, `height must be a multiple of ${multiple} from 96 to 1088`],
    [isWithin(fps, 1, 60), 'fps must be a whole number from 1 to 60'],
    [
      gopSec > 0 && gopSec <= MAX_LOOP_SEC && Number.isInteger(gopSec * fps),
      `gopSec must be above 0, up to ${MAX_LOOP_SEC}, and whole frames`,
    ],
    [isWithin(bFrames, 0, 3), 'bFrames must be from 0 to 3'],
    [bFrames === 0 || codec !== 'mjpeg', 'MJPEG has no B-frames'],
    [!video.constantBitrate || codec === 'h264', 'constantBitrate is for h264'],
    [isWithin(bitrateKbps, 50, 20_000), 'bitrateKbps must be from 50 to 20000'],
  ];
  const broken = rules.filter(([holds]) => !holds).map(([, rule]) => rule);
  if (broken.length > 0) throw new RangeError(broken.join('; '));
  loopSec(video);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
