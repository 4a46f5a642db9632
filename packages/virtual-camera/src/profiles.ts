import type { AudioCodec, VideoParameters } from './clip/parameters.js';

interface CameraProfile {
  video: Partial<VideoParameters>;
  audio: AudioCodec;
  description: string;
}

/** Kinds of cameras, by what their main stream carries. */
export const CAMERA_PROFILES = {
  'h264-pcmu': { video: {}, audio: 'pcmu', description: 'H.264 with G.711 µ-law' },
  'h264-aac': { video: {}, audio: 'aac', description: 'H.264 with AAC' },
  'h264-silent': { video: {}, audio: 'none', description: 'H.264 without audio' },
  'h264-bframes': { video: { bFrames: 2 }, audio: 'aac', description: 'H.264 with B-frames, with AAC' },
  h265: { video: { codec: 'h265' }, audio: 'aac', description: 'H.265 with AAC' },
  mjpeg: { video: { codec: 'mjpeg', bitrateKbps: 2500 }, audio: 'pcmu', description: 'Motion JPEG with G.711 µ-law' },
} satisfies Record<string, CameraProfile>;

export type CameraProfileName = keyof typeof CAMERA_PROFILES;

/** The second stream of every camera: small H.264, with the main stream's audio. */
export const SUB_STREAM_VIDEO: Partial<VideoParameters> = { codec: 'h264', width: 320, height: 180, bitrateKbps: 200 };

export function isCameraProfile(name: string): name is CameraProfileName {
  return Object.hasOwn(CAMERA_PROFILES, name);
}
