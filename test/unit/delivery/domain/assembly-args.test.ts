import { describe, expect, it } from '@jest/globals';
import {
  buildJoinArgs,
  buildSoundPartArgs,
  buildVideoPartArgs,
} from '../../../../src/modules/delivery/domain/assembly-args.js';
import type { FfmpegCapabilities } from '../../../../src/ffmpeg/domain/capabilities.js';

const capabilities: FfmpegCapabilities = {
  ...{ rtspTimeoutOption: 'timeout', concatOptions: true, skipTrailer: true, h264Encoder: true },
  frameRateMode: 'fps_mode',
};
const PICTURE = { width: 1_280, height: 720, fps: 25 };
const linesOf = (args: string[]) => args.join(' ').split(/ (?=-[a-z])/);

describe('the arguments of a mixed assembly', () => {
  it('encode every part alike, each frame at its own time', () => {
    const lines = linesOf(buildVideoPartArgs(PICTURE, { videoCodec: 'h264', capabilities, threads: 2 }));
    expect(lines.slice(3)).toEqual(
      [
        '-filter_threads 1',
        '-copyts',
        '-threads 2',
        '-f mp4',
        '-i pipe:0',
        '-map 0:v:0',
        "-vf scale=w='trunc(min(1280,720*dar)/2)*2':h='trunc(min(720,1280/dar)/2)*2':out_range=tv,pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p",
        '-fps_mode passthrough',
        '-enc_time_base 1:90000',
        '-c:v libx264',
        '-preset veryfast',
        '-crf 21',
        '-profile:v high',
        '-bf 0',
        '-force_key_frames expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+2))',
        '-x264-params fps=25:colorprim=undef:transfer=undef:colormatrix=undef:chromaloc=0',
        '-threads 2',
        '-video_track_timescale 90000',
        '-avoid_negative_ts disabled',
        '-use_editlist 0',
        '-movflags +frag_keyframe+empty_moov+default_base_moof+frag_discont+skip_trailer',
        '-frag_duration 1000000',
        '-f mp4',
        'pipe:1',
      ]
        .join(' ')
        .split(/ (?=-[a-z])/),
    );
  });

  it('copy pictures that are alike', () => {
    const args = buildVideoPartArgs(null, { videoCodec: 'h264', capabilities, threads: 2 }).join(' ');
    expect(args).toContain('-c:v copy');
    expect(args).not.toContain('libx264');
  });

  it('make one sound of samples, or leave it out', () => {
    const sound = { sampleRate: 8_000, channels: 1 };
    expect(buildSoundPartArgs(sound).join(' ')).toContain(
      '-copyts -f mp4 -i pipe:0 -map 0:a:0 -af aresample=8000:async=1:first_pts=0:min_hard_comp=0.04 -ac 1 -f s16le pipe:1',
    );
    const out = { videoCodec: 'h264', capabilities, outPath: '/tmp/-out.mp4' };
    const withSound = buildJoinArgs(sound, out).join(' ');
    expect(withSound).toContain('-f s16le -ar 8000 -ac 1 -i pipe:3 -map 0:v -c:v copy -map 1:a -c:a aac -b:a 48k');
    expect(buildJoinArgs(null, out).join(' ')).not.toContain('pipe:3');
  });

  it('end in fragments like those of a capture, with room before the first picture', () => {
    const join = (videoCodec: string, more = {}) =>
      buildJoinArgs(null, { videoCodec, capabilities: { ...capabilities, ...more }, outPath: '/tmp/-out.mp4' }).join(
        ' ',
      );
    expect(join('h264')).toMatch(
      / -output_ts_offset 1 -avoid_negative_ts disabled -use_editlist 0 -movflags \+frag_keyframe\+empty_moov\+default_base_moof\+frag_discont\+skip_trailer -frag_duration 1000000 -f mp4 -y file:\/tmp\/-out\.mp4$/,
    );
    expect(join('h264', { skipTrailer: false })).not.toContain('skip_trailer');
    // Safari plays H.265 under one name only, and every picture of MJPEG is a key frame.
    expect(join('hevc')).toContain('-c:v copy -tag:v hvc1');
    expect(join('mjpeg')).not.toContain('frag_keyframe');
  });
});
