import { describe, expect, it } from '@jest/globals';
import type { Oddities } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { NO_ODDITIES } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { arrangeTracks } from '../../../packages/virtual-camera/src/rtsp/arrange-tracks.js';
import { buildSdp } from '../../../packages/virtual-camera/src/rtsp/sdp.js';
import { spoilSdp } from '../../../packages/virtual-camera/src/rtsp/spoil-sdp.js';
import type { Track } from '../../../packages/virtual-camera/src/rtp/track.js';

const unit = { packets: Buffer.alloc(0), offsets: [], keyFrame: true, timestamp: 0, dueMs: 0, counter: 0 };
const tracks: Track[] = [
  {
    ...{ kind: 'video', payloadType: 96, clockRate: 90_000, loopTicks: 1, units: [unit] },
    attributes: [
      'rtpmap:96 H264/90000',
      'fmtp:96 packetization-mode=1;profile-level-id=64001E;sprop-parameter-sets=Z2==,aO==',
    ],
  },
  {
    ...{ kind: 'audio', payloadType: 0, clockRate: 8000, loopTicks: 1, units: [unit] },
    attributes: ['rtpmap:0 PCMU/8000'],
  },
];

function sdp(odd: Partial<Oddities>): string {
  const oddities = { ...NO_ODDITIES, ...odd };
  const arranged = arrangeTracks({ tracks, staleSets: 'fmtp:96 sprop-parameter-sets=OLD' }, oddities);
  return spoilSdp(buildSdp('main', '192.0.2.1', arranged), 'rtsp://192.0.2.1/main/', oddities);
}

const media = (text: string) =>
  [...text.matchAll(/^m=(\S+) 0 RTP\/AVP (\S+)/gm)].map(([, kind, type]) => `${kind} ${type}`);

describe('the tracks of an odd camera', () => {
  it.each<[Partial<Oddities>, string[]]>([
    [{}, ['video 96', 'audio 0']],
    [{ soundFirstInSdp: true }, ['audio 0', 'video 96']],
    [{ backChannel: 'first', emptyVideo: 'jpeg' }, ['audio 0', 'video 26', 'video 96', 'audio 0']],
    [{ backChannel: 'last', dataTrack: 'onvif' }, ['video 96', 'audio 0', 'audio 0', 'application 107']],
    [{ dataTrack: 'tp-link', videoPayloadType: 35 }, ['video 35', 'audio 0', 'application/TP-LINK smart/1/90000']],
    [{ dataTrack: 'metadata' }, ['video 96', 'audio 0', 'metadata 107']],
  ])('with %j are %j', (odd, expected) => {
    expect(media(sdp(odd))).toEqual(expected);
  });

  it('marks the track towards the camera', () => {
    const [, before = '', after = ''] = sdp({ backChannel: 'middle' }).split(/^m=audio/m);
    expect([before, after].map((text) => text.includes('a=sendonly'))).toEqual([true, false]);
  });

  it('has control names that count through all tracks', () => {
    const text = sdp({ backChannel: 'first', emptyVideo: 'h264' });
    expect(text.match(/trackID=\d/g)).toEqual(['trackID=0', 'trackID=1', 'trackID=2', 'trackID=3']);
  });

  it('leaves the parameter sets out, or has old ones', () => {
    expect(sdp({ parameterSets: 'in-band' })).toMatch(/a=fmtp:96 packetization-mode=1\r\n/);
    expect(sdp({ parameterSets: 'stale', videoPayloadType: 35 })).toMatch(/a=fmtp:35 sprop-parameter-sets=OLD\r\n/);
  });
});

describe('spoilSdp', () => {
  it('writes rtpmap with two blanks, a tab, a blank at the end, in lower case', () => {
    expect(sdp({ sdpForm: ['two-blanks'] })).toContain('a=rtpmap:96  H264/90000\r\n');
    expect(sdp({ sdpForm: ['tab'] })).toContain('a=rtpmap:96\tH264/90000\r\n');
    expect(sdp({ sdpForm: ['trailing-blank', 'lower-case'] })).toContain('a=rtpmap:96 h264/90000 \r\n');
  });

  it('ends lines with LF alone, and still finds what else is asked for', () => {
    const text = sdp({ sdpForm: ['lf', 'control-none', 'media-only'] });
    expect(text).not.toMatch(/\r|control/);
    expect(text).toMatch(/^m=video/);
  });

  it('writes control URLs in full', () => {
    expect(sdp({ sdpForm: ['control-absolute'] })).toContain('a=control:rtsp://192.0.2.1/main/trackID=1\r\n');
  });

  it('edits as sed does', () => {
    const text = sdp({ sdpEdits: ['s/^s=.*$/s=My | camera\\nb=AS:500/m', 's|(H264)/90000|X-$1/90000|'] });
    expect(text).toContain('s=My | camera\r\nb=AS:500\r\n');
    expect(text).toContain('a=rtpmap:96 X-H264/90000\r\n');
  });
});
