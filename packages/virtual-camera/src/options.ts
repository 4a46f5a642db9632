import type { AuthScheme } from './auth.js';
import type { AudioCodec, VideoParameters } from './clip/parameters.js';
import { VIDEO_DEFAULTS } from './clip/parameters.js';
import type { Faults } from './faults.js';
import type { Oddities } from './oddities/oddities.js';
import type { CameraProfileName } from './profiles.js';
import { CAMERA_PROFILES, SUB_STREAM_VIDEO } from './profiles.js';

/** One stream of the camera; what is left out comes from `profile`. */
export interface StreamOptions {
  /** Its path in the RTSP URL, and its ONVIF profile token. */
  name: string;
  video?: Partial<VideoParameters>;
  audio?: AudioCodec;
}

export interface VirtualCameraOptions {
  /** Name that the ONVIF device gives itself. Default `Virtual Camera`. */
  name?: string;
  /** Default `h264-aac`. */
  profile?: CameraProfileName;
  /** Distance between key frames of all streams, in seconds. Default 2. */
  gopSec?: number;
  /** Changes to the main stream's video. */
  video?: Partial<VideoParameters>;
  /** Sound of all streams that name none. Default: that of `profile`. */
  audio?: AudioCodec;
  /** Default: `main`, and a small H.264 `sub`. */
  streams?: StreamOptions[];
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** 0, the default: a free port is chosen. */
  rtspPort?: number;
  onvifPort?: number;
  /** RTSP credentials; without a password everybody may watch. */
  username?: string;
  password?: string;
  /** ONVIF credentials. Default: those of RTSP. */
  onvifUsername?: string;
  onvifPassword?: string;
  /** What RTSP offers. Default Digest only. */
  authSchemes?: AuthScheme[];
  /** Frame of the clip at which the camera's timeline begins, so that cameras differ. Default 0. */
  startFrame?: number;
  /** Where a client begins to see the camera. Most cameras make it wait for the next key frame, the default. */
  startAtKeyFrame?: 'wait' | 'instant';
  /** More RTSP sessions than this are refused with 453. Default: no limit. */
  maxSessions?: number;
  /** A client that reads nothing for so long is dropped. Default 10 s. */
  slowClientMs?: number;
  /** … or when so much is queued for it. Default 8 MiB. */
  maxQueuedBytes?: number;
  /** `host` or `host:port` that GetStreamUri answers instead of the real one, as a camera behind NAT does. */
  streamUriHost?: string;
  /** How far the device's clock is ahead of the real one. */
  clockSkewMs?: number;
  /** Ask for credentials for every ONVIF action but the clock, as some cameras do. Default: as ONVIF says. */
  strictOnvifAuth?: boolean;
  /** Answer WS-Discovery probes on UDP port 3702. Default no. */
  discovery?: boolean;
  /** Port of the HTTP API that sets faults; 0: a free one. Default: no such API. */
  controlPort?: number;
  /** Address of that API. Whoever reaches it may do what it can. Default 127.0.0.1. */
  controlHost?: string;
  /** Faults to begin with. */
  faults?: Partial<Faults>;
  /** How the camera is, other than usual ones. */
  oddities?: Partial<Oddities>;
  /** Last change to each session description, after the oddities. */
  editSdp?: (sdp: string) => string;
}

export interface StreamSetup {
  name: string;
  video: VideoParameters;
  audio: AudioCodec;
}

/** The streams that the options ask for, with every parameter filled in. */
export function planStreams(options: VirtualCameraOptions): StreamSetup[] {
  const profile = CAMERA_PROFILES[options.profile ?? 'h264-aac'];
  const gop = options.gopSec === undefined ? {} : { gopSec: options.gopSec };
  const mainVideo = { ...VIDEO_DEFAULTS, ...profile.video, ...gop, ...options.video };
  const streams = options.streams ?? [{ name: 'main' }, { name: 'sub', video: SUB_STREAM_VIDEO }];
  return streams.map(({ name, video, audio }) => {
    if (!/^[\w.-]+$/.test(name)) throw new RangeError(`Stream name "${name}" does not fit into a URL`);
    // A stream of another codec does not take over the main stream's B-frames.
    const base = video?.codec === undefined ? mainVideo : { ...mainVideo, bFrames: 0 };
    return { name, video: { ...base, ...video }, audio: audio ?? options.audio ?? profile.audio };
  });
}
