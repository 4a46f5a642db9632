import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseH264Size, parseH265Size } from '../../../../src/mp4/bitstream/sequence-parameters.js';
import { parseSdp } from '../../../../src/modules/camera/domain/sdp.js';

// Parameter sets as FFmpeg wrote them for x264 and x265.
const H264 = { full: 'Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY', interlaced: 'Z2QAKKzZQHgET94CIAAAAwAgAAAGQ+LFssA=' };
const H265 = 'QgEBAWAAAAMAkAAAAwAAAwB4oAPAgBDlllZpJMrwFoCAAAADAIAAAAyE';
const bytes = (text: string) => Buffer.from(text, 'base64');

describe('parameter sets', () => {
  it.each([
    ['1920x1080, 4:2:0', H264.full, 1920, 1080],
    ['1920x1080, interlaced', H264.interlaced, 1920, 1080],
    ['1280x720, 4:2:2', 'Z3oAH7zZQFAFuwEQAAADABAAAAMDIPGDGWA=', 1280, 720],
    ['640x360, baseline', 'Z0LAHtkAoC/5cBEAAAMAAQAAAwAyDxYuSA==', 640, 360],
    ['320x180, 4:4:4', 'Z/QADJGbKCgz8bgIgAAAAwCAAAAZB4oUyw==', 320, 180],
  ])('of H.264 tell the size: %s', (_what, sps, width, height) => {
    expect(parseH264Size(bytes(sps))).toEqual({ width, height });
  });

  it.each([
    ['1920x1080', H265, 1920, 1080],
    ['640x360', 'QgEBAWAAAAMAkAAAAwAAAwA/oAUCAWlllZpJMrwFoCAAAAMAIAAAAwMh', 640, 360],
  ])('of H.265 tell the size: %s', (_what, sps, width, height) => {
    expect(parseH265Size(bytes(sps))).toEqual({ width, height });
  });

  it('may be anything', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        for (const size of [
          parseH264Size(new Uint8Array([0x67, ...noise])),
          parseH265Size(new Uint8Array([0x42, 1, ...noise])),
        ]) {
          expect(size === undefined || (size.width > 0 && size.height > 0)).toBe(true);
        }
      }),
    );
    expect(parseH264Size(bytes(H265))).toBeUndefined();
    expect(parseH265Size(bytes(H264.full))).toBeUndefined();
  });
});

describe('parseSdp', () => {
  it.each(['  ', '\t', ' \t '])('takes %j for the blank between the parts of a line', (blank) => {
    const sdp = [`m=video${blank}0${blank}RTP/AVP${blank}96`, `a=rtpmap:96${blank}H264/90000`].join('\r\n');
    expect(parseSdp(sdp)).toEqual([{ kind: 'video', codec: 'h264' }]);
  });

  it('lists video and audio and leaves out metadata', () => {
    const sdp = [
      'v=0',
      'a=rtpmap:96 outside/1',
      'm=video 0 RTP/AVP 96',
      'a=framerate:25.0',
      'a=rtpmap:97 H265/90000',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1;profile-level-id=640028;sprop-parameter-sets=${H264.full},aOvjyyLA`,
      'm=audio 0 RTP/AVP 104',
      'a=rtpmap:104 MPEG4-GENERIC/16000/2',
      'm=application 0 RTP/AVP 107',
      'a=rtpmap:107 vnd.onvif.metadata/90000',
    ];
    const streams = [
      { kind: 'video', codec: 'h264', width: 1920, height: 1080, fps: 25 },
      { kind: 'audio', codec: 'aac', sampleRate: 16_000, channels: 2 },
    ];
    expect(parseSdp(sdp.join('\r\n'))).toEqual(streams);
    expect(parseSdp(sdp.join('\n'))).toEqual(streams);
  });

  it.each([
    ['m=video 0 RTP/AVP 26\na=x-dimensions:640,480', [{ kind: 'video', codec: 'mjpeg', width: 640, height: 480 }]],
    [
      'm=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=fmtp:98 sprop-sps=' + H265,
      [{ kind: 'video', codec: 'hevc', width: 1920, height: 1080 }],
    ],
    ['m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=framesize:96 704-576', [{ kind: 'video', codec: 'h264' }]],
    ['m=video 0 RTP/AVP 99\na=rtpmap:99 VP9/90000', [{ kind: 'video', codec: 'vp9' }]],
    ['m=video 0 RTP/AVP 99', [{ kind: 'video', codec: 'unknown' }]],
    ['m=audio 0 RTP/AVP 0', [{ kind: 'audio', codec: 'pcm_mulaw', sampleRate: 8000, channels: 1 }]],
    ['m=audio 0 RTP/AVP 8', [{ kind: 'audio', codec: 'pcm_alaw', sampleRate: 8000, channels: 1 }]],
    [
      'm=audio 0 RTP/AVP 97\na=rtpmap:97 G726-32/8000',
      [{ kind: 'audio', codec: 'g726', sampleRate: 8000, channels: 1 }],
    ],
    [
      'm=audio 0 RTP/AVP 97\na=rtpmap:97 opus/48000/2',
      [{ kind: 'audio', codec: 'opus', sampleRate: 48_000, channels: 2 }],
    ],
    ['', []],
    ['<html>', []],
  ])('reads %j', (sdp, streams) => {
    expect(parseSdp(sdp)).toEqual(streams);
  });

  it.each<[string, string[], (true | undefined)[]]>([
    ['tells a back channel', ['m=video 0 RTP/AVP 96', 'm=audio 0 RTP/AVP 0', 'a=sendonly'], [undefined, true]],
    [
      'leaves what is received alone',
      ['m=video 0 RTP/AVP 96', 'm=audio 0 RTP/AVP 0', 'a=recvonly'],
      [undefined, undefined],
    ],
    [
      'believes no camera that says it of its video too',
      ['m=video 0 RTP/AVP 96', 'a=sendonly', 'm=audio 0 RTP/AVP 0', 'a=sendonly'],
      [undefined, undefined],
    ],
  ])('%s', (_what, sdp, back) => {
    expect(parseSdp(sdp.join('\r\n')).map(({ isBackChannel }) => isBackChannel)).toEqual(back);
  });

  it('counts tracks without a payload type, as FFmpeg does', () => {
    const sdp = ['m=audio 0 RTP/AVP (null)', 'm=video 0 RTP/AVP 26', 'm=audio 0 RTP/AVP 8'];
    expect(parseSdp(sdp.join('\r\n')).map(({ codec }) => codec)).toEqual(['unknown', 'mjpeg', 'pcm_alaw']);
  });
});
