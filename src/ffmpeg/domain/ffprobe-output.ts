import type { MediaInfo, StreamInfo } from '../../schema/media-info.js';
import type { KeyFrames } from '../../mp4/hybrid/key-frames.js';

/** What `ffprobe -show_format -show_streams -of json` prints, as far as it is read here. Numbers come as text. */
export interface FfprobeOutput {
  format?: { format_name?: string; duration?: string; bit_rate?: string };
  streams?: FfprobeStream[];
}

export interface FfprobeStream {
  index?: number;
  codec_type?: string;
  codec_name?: string;
  profile?: string;
  bit_rate?: string;
  duration?: string;
  nb_frames?: string;
  width?: number;
  height?: number;
  avg_frame_rate?: string;
  pix_fmt?: string;
  sample_rate?: string;
  channels?: number;
}

/** How far the key frames of a video are apart. */
export type Gop = KeyFrames;

export interface Probed {
  durationMs: number;
  /** As ffprobe spells it: `h264`, `hevc`, `mjpeg`. */
  codec: string;
  /** `1920x1080` */
  resolution: string;
  info: MediaInfo;
}

/** What ffprobe found, or null when there is no video or no duration in it. */
export function parseFfprobe(output: FfprobeOutput, { sizeBytes, gop }: { sizeBytes: number; gop: KeyFrames | null }) {
  const streams = output.streams ?? [];
  const video = streams.find(({ codec_type: type }) => type === 'video');
  const durationMs = toMs(output.format?.duration);
  if (!video?.codec_name || !durationMs) return null;
  const probed: Probed = {
    durationMs,
    codec: video.codec_name,
    resolution: `${video.width ?? 0}x${video.height ?? 0}`,
    info: {
      container: output.format?.format_name ?? 'unknown',
      durationMs,
      sizeBytes,
      bitrateKbps: Math.round((sizeBytes * 8) / durationMs),
      streams: streams.map((stream) => parseStream(stream, stream === video ? gop : null)),
    },
  };
  return probed;
}

function parseStream(stream: FfprobeStream, gop: KeyFrames | null): StreamInfo {
  const bitrate = toNumber(stream.bit_rate);
  const shared = {
    index: stream.index ?? 0,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile ?? null,
    bitrateKbps: bitrate === null ? null : Math.round(bitrate / 1_000),
    durationMs: toMs(stream.duration),
    frames: toNumber(stream.nb_frames),
  };
  switch (stream.codec_type) {
    case 'video':
      return { ...shared, kind: 'video', ...pictureOf(stream), ...(gop ? { gop: gopOf(gop) } : {}) };
    case 'audio':
      return { ...shared, kind: 'audio', ...soundOf(stream) };
    case undefined:
    default:
      return { ...shared, kind: 'other' };
  }
}

function pictureOf(stream: FfprobeStream): Partial<StreamInfo> {
  const fps = rateOf(stream.avg_frame_rate);
  return {
    ...(stream.width === undefined ? {} : { width: stream.width }),
    ...(stream.height === undefined ? {} : { height: stream.height }),
    ...(fps === null ? {} : { fps }),
    ...(stream.pix_fmt === undefined ? {} : { pixelFormat: stream.pix_fmt }),
  };
}

function soundOf(stream: FfprobeStream): Partial<StreamInfo> {
  const sampleRate = toNumber(stream.sample_rate);
  return {
    ...(sampleRate === null ? {} : { sampleRate }),
    ...(stream.channels === undefined ? {} : { channels: stream.channels }),
  };
}

function gopOf({ usualFrames, maxFrames, count }: KeyFrames): NonNullable<StreamInfo['gop']> {
  return { frames: usualFrames, maxFrames, keyFrames: count };
}

/** `30000/1001` is 29.97. */
function rateOf(fraction: string | undefined): number | null {
  const [over = NaN, under = 1] = (fraction ?? '').split('/').map(Number);
  return over > 0 && under > 0 ? Math.round((over / under) * 100) / 100 : null;
}

function toMs(seconds: string | undefined): number | null {
  const value = toNumber(seconds);
  return value === null ? null : Math.round(value * 1_000);
}

function toNumber(text: string | undefined): number | null {
  const value = Number(text ?? NaN);
  return Number.isFinite(value) ? value : null;
}
