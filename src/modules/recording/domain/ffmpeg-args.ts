/** What the FFmpeg at hand can do; asked of the binary, since distributions differ. */
export interface FfmpegCapabilities {
  /** RTSP's I/O time-out: `timeout` from FFmpeg 5.0 on; before, `stimeout`, and `timeout` means *listen*. */
  rtspTimeoutOption: 'timeout' | 'stimeout';
  /** The concat script takes `option` lines (from FFmpeg 5.0 on), so that a URL with a password need not stand in the process list. */
  concatOptions: boolean;
  /** `-movflags skip_trailer`, from FFmpeg 4.3 on. */
  skipTrailer: boolean;
  /** It has libx264, so that footage of several configurations can become one file. */
  h264Encoder: boolean;
  /** The option that keeps every picture and its own time: `-fps_mode passthrough` from FFmpeg 5.1 on, `-vsync` before. */
  frameRateMode: 'fps_mode' | 'vsync';
}

export interface CaptureRequest {
  /** With credentials, percent-encoded; `rtsp:` or `rtsps:`. */
  url: string;
  videoCodec: string;
  /** null: no audio track, or none wanted. */
  audioCodec: string | null;
  /** Of the audio, when it must be encoded. */
  audioSampleRate: number;
  ioTimeoutMs: number;
  fragmentMs: number;
}

export interface FfmpegCommand {
  args: string[];
  /** Written to FFmpeg's standard input; null: it is closed. */
  stdin: string | null;
}

/** Media time at which a capture begins: room for what comes before its first picture (audio, priming, reordered frames). */
const START_OFFSET_SEC = 10;
/**
 * Keeps the tracks where they are against each other. Without this the muxer lets each of them begin at 0, so that audio which begins
 * later, or video whose decode order begins earlier (B-frames), is out of step for good. `frag_discont` makes the first fragment carry
 * its real decode time (libavformat/movenc.c); the offset keeps that from being negative, which the box cannot say.
 */
const TIMELINE = [
  '-avoid_negative_ts',
  'disabled',
  '-output_ts_offset',
  String(START_OFFSET_SEC),
  '-use_editlist',
  '0',
];

/**
 * Times that jump by more than this are left out by FFmpeg (a guess stands for them), and it says so: `ToldJumps`. An MP4 holds a
 * duration of 2^31 ticks, 6.6 h at 90 kHz, and FFmpeg's muxer aborts, with the fragment it has, where it meets a longer one. An hour
 * back is as far when a session is young: FFmpeg takes an RTP time from before its start for one from after the 32 bits have run out.
 */
const LONGEST_JUMP_SEC = 6 * 3_600;

const PROTOCOLS = 'rtsp,rtsps,rtp,tcp,tls,crypto';

/**
 * FFmpeg's command line for one capture: RTSP over TCP in, video copied, audio copied when it is AAC and encoded to AAC otherwise,
 * fragmented MP4 on standard output, progress on file descriptor 3.
 */
export function buildCaptureCommand(request: CaptureRequest, capabilities: FfmpegCapabilities): FfmpegCommand {
  const input = capabilities.concatOptions ? scriptInput(request, capabilities) : urlInput(request, capabilities);
  return {
    stdin: input.stdin,
    args: [
      ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-progress', 'pipe:3'],
      ...['-dts_error_threshold', String(LONGEST_JUMP_SEC)],
      ...input.args,
      ...['-map', '0:v:0', ...videoArgs(request), ...audioArgs(request)],
      ...TIMELINE,
      // A fragment at each key frame and at least one a second: https://ffmpeg.org/ffmpeg-formats.html#mov_002c-mp4_002c-ismv
      ...['-movflags', movFlags(request, capabilities), '-frag_duration', String(request.fragmentMs * 1_000)],
      ...['-flush_packets', '1', '-f', 'mp4', 'pipe:1'],
    ],
  };
}

function urlInput({ url, ioTimeoutMs }: CaptureRequest, { rtspTimeoutOption }: FfmpegCapabilities): FfmpegCommand {
  const timeout = [`-${rtspTimeoutOption}`, String(ioTimeoutMs * 1_000)];
  return { stdin: null, args: ['-rtsp_transport', 'tcp', ...timeout, '-protocol_whitelist', PROTOCOLS, '-i', url] };
}

/** The URL travels on standard input: the process list shows no password. https://ffmpeg.org/ffmpeg-formats.html#concat-1 */
function scriptInput({ url, ioTimeoutMs }: CaptureRequest, { rtspTimeoutOption }: FfmpegCapabilities): FfmpegCommand {
  const script = [
    'ffconcat version 1.0',
    `file '${url.replace(/'/g, '%27')}'`,
    'option rtsp_transport tcp',
    `option ${rtspTimeoutOption} ${ioTimeoutMs * 1_000}`,
    '',
  ].join('\n');
  return {
    stdin: script,
    args: ['-f', 'concat', '-safe', '0', '-protocol_whitelist', `pipe,fd,${PROTOCOLS}`, '-i', 'pipe:0'],
  };
}

/** Video as it comes, into an MP4. */
export function videoArgs({ videoCodec }: Pick<CaptureRequest, 'videoCodec'>): string[] {
  // Safari plays H.265 only under this tag: the parameter sets stand in the sample description.
  return ['-c:v', 'copy', ...(videoCodec === 'hevc' ? ['-tag:v', 'hvc1'] : [])];
}

function audioArgs({ audioCodec, audioSampleRate }: CaptureRequest): string[] {
  if (audioCodec === null) return ['-an'];
  // Audio that comes late, since it is encoded, or never, though it was announced, must not hold the video back.
  const prompt = ['-max_interleave_delta', '1'];
  if (audioCodec === 'aac') return ['-map', '0:a:0?', '-c:a', 'copy', ...prompt];
  const bitrate = audioSampleRate > 16_000 ? '128k' : '48k';
  return ['-map', '0:a:0?', '-c:a', 'aac', '-b:a', bitrate, ...prompt];
}

/** What makes FFmpeg write fragments: one at each key frame, and those that `-frag_duration` asks for. */
export function movFlags(
  { videoCodec }: Pick<CaptureRequest, 'videoCodec'>,
  { skipTrailer }: FfmpegCapabilities,
): string {
  // Every picture of MJPEG is a key frame: a fragment each would cost more than the pictures' order is worth.
  const atKeyFrames = videoCodec === 'mjpeg' ? '' : '+frag_keyframe';
  return `${atKeyFrames}+empty_moov+default_base_moof+frag_discont${skipTrailer ? '+skip_trailer' : ''}`;
}
