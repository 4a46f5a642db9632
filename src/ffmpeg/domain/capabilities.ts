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

/** Reads what `ffmpeg -h full` prints: the options of the program, and those of every encoder, demuxer and muxer that it has. */
export function parseFullHelp(help: string): FfmpegCapabilities {
  const modern = !help.includes('-stimeout');
  return {
    rtspTimeoutOption: modern ? 'timeout' : 'stimeout',
    concatOptions: modern,
    skipTrailer: help.includes('skip_trailer'),
    h264Encoder: help.includes('libx264 AVOptions:'),
    frameRateMode: help.includes('-fps_mode') ? 'fps_mode' : 'vsync',
  };
}
