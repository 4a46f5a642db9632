/** What ffprobe and the sample tables say of a stored object. */
export interface MediaInfo {
  /** As ffprobe spells it: `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string;
  durationMs: number;
  sizeBytes: number;
  bitrateKbps: number;
  streams: StreamInfo[];
}

export interface StreamInfo {
  index: number;
  kind: 'video' | 'audio' | 'other';
  /** As ffprobe spells it: `h264`, `hevc`, `aac`. */
  codec: string;
  profile: string | null;
  bitrateKbps: number | null;
  durationMs: number | null;
  frames: number | null;
  width?: number;
  height?: number;
  /** Average. */
  fps?: number;
  pixelFormat?: string;
  /** Pictures from one key frame to the next: usual and most. */
  gop?: { frames: number; maxFrames: number; keyFrames: number };
  sampleRate?: number;
  channels?: number;
}
