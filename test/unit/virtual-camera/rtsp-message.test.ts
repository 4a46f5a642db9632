import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RtspReader, RtspSyntaxError, formatResponse } from '../../../packages/virtual-camera/src/rtsp/message.js';
import { buildSdp } from '../../../packages/virtual-camera/src/rtsp/sdp.js';

const REQUESTS = [
  'OPTIONS rtsp://127.0.0.1:8554/main RTSP/1.0\r\nCSeq: 1\r\n\r\n',
  'SET_PARAMETER rtsp://127.0.0.1:8554/main RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nab\r\n\r',
  'TEARDOWN rtsp://127.0.0.1:8554/main RTSP/1.0\r\nCSeq: 3\r\nSession: abc\r\n\r\n',
];
const RECEIVER_REPORT = Buffer.from([0x24, 1, 0, 4, 0x0d, 0x0a, 0x0d, 0x0a]);

describe('RtspReader', () => {
  it('finds the same requests wherever the bytes are cut, and drops interleaved packets', () => {
    const [first = '', second = '', third = ''] = REQUESTS;
    const parts = [first, RECEIVER_REPORT, second, RECEIVER_REPORT, RECEIVER_REPORT, third];
    const stream = Buffer.concat(parts.map((part) => Buffer.from(part)));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 12 }), (cuts) => {
        const reader = new RtspReader();
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const requests = edges.slice(1).flatMap((end, index) => reader.read(stream.subarray(edges[index], end)));
        expect(requests.map(({ method, headers }) => [method, headers['cseq']])).toEqual([
          ['OPTIONS', '1'],
          ['SET_PARAMETER', '2'],
          ['TEARDOWN', '3'],
        ]);
      }),
    );
  });

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header without end', `OPTIONS * RTSP/1.0\r\nX: ${'x'.repeat(20_000)}`],
    ['a body that is too large', 'SET_PARAMETER * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n'],
    ['a length that is no number', 'SET_PARAMETER * RTSP/1.0\r\nContent-Length: -1\r\n\r\n'],
  ])('refuses %s', (_what, text) => {
    expect(() => new RtspReader().read(Buffer.from(text))).toThrow(RtspSyntaxError);
  });
});

describe('formatResponse', () => {
  it('repeats a header with several values and counts the body in bytes', () => {
    const response = { status: 401, headers: { 'WWW-Authenticate': ['Digest a', 'Basic b'] }, body: 'é' };
    expect(formatResponse(response, '7').toString()).toBe(
      'RTSP/1.0 401 Unauthorized\r\nCSeq: 7\r\nServer: Virtual Camera\r\nWWW-Authenticate: Digest a\r\n' +
        'WWW-Authenticate: Basic b\r\nContent-Length: 2\r\n\r\né',
    );
  });
});

describe('buildSdp', () => {
  it('describes each track with its control URL', () => {
    const track = { clockRate: 90_000, loopTicks: 0, units: [] };
    const video = {
      kind: 'video' as const,
      payloadType: 96,
      attributes: ['rtpmap:96 H264/90000', 'fmtp:96 x=y'],
      ...track,
    };
    const audio = { kind: 'audio' as const, payloadType: 0, attributes: ['rtpmap:0 PCMU/8000'], ...track };
    const lines = buildSdp('main', '127.0.0.1', [video, audio]).split('\r\n');
    expect(lines.slice(0, 4)).toEqual(['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=main', 'c=IN IP4 0.0.0.0']);
    expect(lines.slice(7)).toEqual([
      ...['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 x=y', 'a=control:trackID=0'],
      ...['m=audio 0 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=control:trackID=1', ''],
    ]);
  });
});
