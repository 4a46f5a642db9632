import type { FfmpegCapabilities } from '../../../ffmpeg/domain/capabilities.js';
import { movFlags, videoArgs } from '../../../ffmpeg/domain/mp4-output.js';
import type { ChosenSound } from './track-choice.js';

export interface CaptureRequest {
  /** With credentials, percent-encoded; `rtsp:` or `rtsps:`. */
  url: string;
  videoCodec: string;
  /** Which of the video tracks, in the order of the description. */
  videoIndex: number;
  /** null: no sound, or none wanted. */
  sound: ChosenSound | null;
  /** Its times are of no use: pictures are stamped when they come. */
  stampArrivals?: boolean;
  /** Pictures come only seconds after PLAY: FFmpeg looks for longer before it gives up. */
  looksLonger?: boolean;
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

/** Less than a frame of AAC at 8 kHz (128 ms): each frame comes as soon as it is encoded. */
const SOUND_FRAGMENT_MS = 20;

/** Usually five seconds of the stream; a camera whose pictures come later is looked at for so long (microseconds). */
const LONG_LOOK_US = '30000000';

const PROTOCOLS = 'rtsp,rtsps,rtp,tcp,tls,crypto';

/**
 * FFmpeg's command line for one capture: RTSP over TCP in; video copied, and audio when it is AAC, into a fragmented MP4 on standard output;
 * progress on file descriptor 3. Other audio is encoded to AAC into an MP4 of its own on file descriptor 4: an output has no header
 * before its encoders have heard something, so that sound that is announced and never sent would keep the video back for ever.
 */
export function buildCaptureCommand(request: CaptureRequest, capabilities: FfmpegCapabilities): FfmpegCommand {
  const input = capabilities.concatOptions ? scriptInput(request, capabilities) : urlInput(request, capabilities);
  const video = ['-map', `0:v:${request.videoIndex}`];
  // A fragment at each key frame and at least one a second: https://ffmpeg.org/ffmpeg-formats.html#mov_002c-mp4_002c-ismv
  const pictures = fragmentArgs(movFlags(request, capabilities), request.fragmentMs);
  return {
    stdin: input.stdin,
    args: [
      ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-progress', 'pipe:3'],
      ...['-dts_error_threshold', String(LONGEST_JUMP_SEC)],
      ...input.args,
      // The progress counts what its first output has had, before the first key frame too: so the watchdog sees that a camera sends.
      ...[...video, '-c', 'copy', '-copyinkf', '-f', 'null', '-'],
      // Outputs end in their order: the last of the sound is out when the last picture comes.
      ...encodedSound(request, capabilities),
      ...[...video, ...videoArgs(request), ...copiedSound(request), ...TIMELINE, ...pictures, 'pipe:1'],
    ],
  };
}

function fragmentArgs(flags: string, fragmentMs: number): string[] {
  return ['-movflags', flags, '-frag_duration', String(fragmentMs * 1_000), '-flush_packets', '1', '-f', 'mp4'];
}

/** What FFmpeg asks the camera for: it sets up every track of these kinds, wanted or not, and gives up when one is refused. */
function mediaTypes({ sound }: CaptureRequest): string {
  return sound ? 'video+audio' : 'video';
}

function urlInput(request: CaptureRequest, { rtspTimeoutOption }: FfmpegCapabilities): FfmpegCommand {
  const { url, ioTimeoutMs } = request;
  const options = ['-rtsp_transport', 'tcp', '-allowed_media_types', mediaTypes(request)];
  const timeout = [`-${rtspTimeoutOption}`, String(ioTimeoutMs * 1_000)];
  const stamps = request.stampArrivals ? ['-use_wallclock_as_timestamps', '1'] : [];
  const look = request.looksLonger ? ['-analyzeduration', LONG_LOOK_US] : [];
  return {
    stdin: null,
    args: [...options, ...timeout, ...stamps, ...look, '-protocol_whitelist', PROTOCOLS, '-i', url],
  };
}

/** The URL travels on standard input: the process list shows no password. https://ffmpeg.org/ffmpeg-formats.html#concat-1 */
function scriptInput(request: CaptureRequest, { rtspTimeoutOption }: FfmpegCapabilities): FfmpegCommand {
  const { url, ioTimeoutMs } = request;
  const script = [
    'ffconcat version 1.0',
    `file '${url.replace(/'/g, '%27')}'`,
    'option rtsp_transport tcp',
    `option allowed_media_types ${mediaTypes(request)}`,
    `option ${rtspTimeoutOption} ${ioTimeoutMs * 1_000}`,
    // Of the stream itself: what FFmpeg hears while it looks is handed on later, all at once.
    ...(request.stampArrivals ? ['option use_wallclock_as_timestamps 1'] : []),
    ...(request.looksLonger ? [`option analyzeduration ${LONG_LOOK_US}`] : []),
    '',
  ].join('\n');
  return {
    stdin: script,
    args: ['-f', 'concat', '-safe', '0', '-protocol_whitelist', `pipe,fd,${PROTOCOLS}`, '-i', 'pipe:0'],
  };
}

function copiedSound({ sound }: CaptureRequest): string[] {
  if (!sound?.isCopied) return ['-an'];
  // Sound that comes late must not hold the video back.
  return ['-map', `0:a:${sound.index}?`, '-c:a', 'copy', '-max_interleave_delta', '1'];
}

/** Of a fixed rate and number of channels, so that the track can be described before anything is heard. */
function encodedSound({ sound }: CaptureRequest, { skipTrailer }: FfmpegCapabilities): string[] {
  if (!sound || sound.isCopied) return [];
  const { index, sampleRate, channels } = sound;
  const bitrate = sampleRate > 16_000 ? '128k' : '48k';
  const encoder = ['-c:a', 'aac', '-b:a', bitrate, '-ar', String(sampleRate), '-ac', String(channels)];
  const flags = `+empty_moov+default_base_moof+frag_discont${skipTrailer ? '+skip_trailer' : ''}`;
  return ['-map', `0:a:${index}?`, ...encoder, ...TIMELINE, ...fragmentArgs(flags, SOUND_FRAGMENT_MS), 'pipe:4'];
}
