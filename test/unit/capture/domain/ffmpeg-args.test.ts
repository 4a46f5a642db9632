import { describe, expect, it } from '@jest/globals';
import { buildCaptureCommand, type CaptureRequest } from '../../../../src/modules/capture/domain/ffmpeg-args.js';

const request: CaptureRequest = {
  url: "rtsp://admin:p%40ss'@192.168.1.20:554/main",
  videoCodec: 'h264',
  videoIndex: 0,
  sound: { index: 0, isCopied: true, sampleRate: 32_000, channels: 1 },
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
      'option allowed_media_types video+audio',
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
      '-c copy',
      '-copyinkf',
      '-f null -',
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
      '-allowed_media_types video+audio',
      '-stimeout 5000000',
      '-protocol_whitelist rtsp,rtsps,rtp,tcp,tls,crypto',
      "-i rtsp://admin:p%40ss'@192.168.1.20:554/main",
      '-map 0:v:0',
      '-c copy',
      '-copyinkf',
      '-f null -',
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

  const linesWith = (change: Partial<CaptureRequest>) => {
    const lines = linesOf(buildCaptureCommand({ ...request, ...change }, FFMPEG_5).args);
    return lines.slice(lines.indexOf('-f null -') + 1);
  };

  it.each([
    ['G.711', 8_000, '-b:a 48k'],
    ['Opus', 48_000, '-b:a 128k'],
  ])(
    'encodes %s, which MP4 cannot hold, to AAC in a file of its own, which holds no picture back',
    (_name, sampleRate, bitrate) => {
      const lines = linesWith({ sound: { index: 1, isCopied: false, sampleRate, channels: 1 } });
      const sound = lines.slice(0, lines.indexOf('-f mp4 pipe:4') + 1);
      expect(sound.slice(0, 5)).toEqual(['-map 0:a:1?', '-c:a aac', bitrate, `-ar ${sampleRate}`, '-ac 1']);
      expect(sound).toContain('-output_ts_offset 10');
      expect(lines.slice(sound.length, sound.length + 3)).toEqual(['-map 0:v:0', '-c:v copy', '-an']);
    },
  );

  it('leaves audio out when there is none, or none is wanted, and does not ask the camera for it', () => {
    expect(linesWith({ sound: null }).slice(0, 3)).toEqual(['-map 0:v:0', '-c:v copy', '-an']);
    const { stdin } = buildCaptureCommand({ ...request, sound: null }, FFMPEG_5);
    expect(stdin).toContain('option allowed_media_types video\n');
  });

  it('takes exactly the tracks that were chosen', () => {
    const sound = { index: 2, isCopied: true, sampleRate: 16_000, channels: 1 } as const;
    expect(linesWith({ videoIndex: 1, sound }).slice(0, 4)).toEqual([
      '-map 0:v:1',
      '-c:v copy',
      '-map 0:a:2?',
      '-c:a copy',
    ]);
  });

  it('stamps pictures when they come if their own times are of no use', () => {
    const stamped = { ...request, stampArrivals: true };
    expect(buildCaptureCommand(stamped, FFMPEG_5).stdin).toContain('option use_wallclock_as_timestamps 1\n');
    expect(linesOf(buildCaptureCommand(stamped, FFMPEG_2018).args)).toContain('-use_wallclock_as_timestamps 1');
  });

  it('tags H.265 as Safari wants it', () => {
    expect(linesWith({ videoCodec: 'hevc', sound: null }).slice(1, 3)).toEqual(['-c:v copy', '-tag:v hvc1']);
  });

  it('cuts MJPEG by time alone: each of its pictures is a key frame', () => {
    const flags = linesOf(buildCaptureCommand({ ...request, videoCodec: 'mjpeg' }, FFMPEG_5).args);
    expect(flags).toContain('-movflags +empty_moov+default_base_moof+frag_discont+skip_trailer');
  });
});
