import { describe, expect, it } from '@jest/globals';
import { buildCaptureCommand, type CaptureRequest } from '../../../../src/modules/recording/domain/ffmpeg-args.js';

const request: CaptureRequest = {
  url: "rtsp://admin:p%40ss'@192.168.1.20:554/main",
  videoCodec: 'h264',
  audioCodec: 'aac',
  audioSampleRate: 32_000,
  ioTimeoutMs: 5_000,
  fragmentMs: 1_000,
};
const ENCODER = { h264Encoder: true, frameRateMode: 'vsync' } as const;
const FFMPEG_5 = { rtspTimeoutOption: 'timeout', concatOptions: true, skipTrailer: true, ...ENCODER } as const;
const FFMPEG_2018 = { rtspTimeoutOption: 'stimeout', concatOptions: false, skipTrailer: false, ...ENCODER } as const;
const linesOf = (args: string[]) => args.join(' ').split(/ (?=-[a-z])/);

describe('buildCaptureCommand', () => {
  it('hands FFmpeg 5 the URL on standard input, where no process list shows it', () => {
    const { args, stdin } = buildCaptureCommand(request, FFMPEG_5);
    expect(stdin?.split('\n')).toEqual([
      'ffconcat version 1.0',
      "file 'rtsp://admin:p%40ss%27@192.168.1.20:554/main'",
      'option rtsp_transport tcp',
      'option timeout 5000000',
      '',
    ]);
    expect(args.join(' ')).not.toContain('p%40ss');
    expect(linesOf(args)).toEqual([
      '-hide_banner',
      '-nostats',
      '-loglevel warning',
      '-progress pipe:3',
      '-dts_error_threshold 21600',
      '-f concat',
      '-safe 0',
      '-protocol_whitelist pipe,fd,rtsp,rtsps,rtp,tcp,tls,crypto',
      '-i pipe:0',
      '-map 0:v:0',
      '-c:v copy',
      '-map 0:a:0?',
      '-c:a copy',
      '-max_interleave_delta 1',
      '-avoid_negative_ts disabled',
      '-output_ts_offset 10',
      '-use_editlist 0',
      '-movflags +frag_keyframe+empty_moov+default_base_moof+frag_discont+skip_trailer',
      '-frag_duration 1000000',
      '-flush_packets 1',
      '-f mp4 pipe:1',
    ]);
  });

  it('gives the build of 2018 what it understands', () => {
    const { args, stdin } = buildCaptureCommand(request, FFMPEG_2018);
    expect(stdin).toBeNull();
    expect(linesOf(args)).toEqual([
      '-hide_banner',
      '-nostats',
      '-loglevel warning',
      '-progress pipe:3',
      '-dts_error_threshold 21600',
      '-rtsp_transport tcp',
      '-stimeout 5000000',
      '-protocol_whitelist rtsp,rtsps,rtp,tcp,tls,crypto',
      "-i rtsp://admin:p%40ss'@192.168.1.20:554/main",
      '-map 0:v:0',
      '-c:v copy',
      '-map 0:a:0?',
      '-c:a copy',
      '-max_interleave_delta 1',
      '-avoid_negative_ts disabled',
      '-output_ts_offset 10',
      '-use_editlist 0',
      '-movflags +frag_keyframe+empty_moov+default_base_moof+frag_discont',
      '-frag_duration 1000000',
      '-flush_packets 1',
      '-f mp4 pipe:1',
    ]);
  });

  const codecLines = (change: Partial<CaptureRequest>) => {
    const lines = linesOf(buildCaptureCommand({ ...request, ...change }, FFMPEG_5).args);
    return lines.slice(lines.indexOf('-map 0:v:0') + 1, lines.indexOf('-avoid_negative_ts disabled'));
  };

  it.each([
    ['G.711', 'pcm_mulaw', 8_000, '-b:a 48k'],
    ['Opus', 'opus', 48_000, '-b:a 128k'],
    ['G.726', 'adpcm_g726', 8_000, '-b:a 48k'],
  ])('encodes %s, which MP4 cannot hold, to AAC', (_name, audioCodec, audioSampleRate, bitrate) => {
    expect(codecLines({ audioCodec, audioSampleRate })).toEqual([
      '-c:v copy',
      '-map 0:a:0?',
      '-c:a aac',
      bitrate,
      '-max_interleave_delta 1',
    ]);
  });

  it('leaves audio out when there is none, or none is wanted', () => {
    expect(codecLines({ audioCodec: null })).toEqual(['-c:v copy', '-an']);
  });

  it('tags H.265 as Safari wants it', () => {
    expect(codecLines({ videoCodec: 'hevc', audioCodec: null })).toEqual(['-c:v copy', '-tag:v hvc1', '-an']);
  });

  it('cuts MJPEG by time alone: each of its pictures is a key frame', () => {
    const flags = linesOf(buildCaptureCommand({ ...request, videoCodec: 'mjpeg' }, FFMPEG_5).args);
    expect(flags).toContain('-movflags +empty_moov+default_base_moof+frag_discont+skip_trailer');
  });
});
