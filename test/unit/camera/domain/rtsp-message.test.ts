import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRtspResponse } from '../../../../src/modules/camera/domain/rtsp-message.js';

const whole =
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest a\r\nwww-authenticate:Basic b\r\nContent-Length: 3\r\n\r\nabcREST';

describe('parseRtspResponse', () => {
  it('reads status, headers and body', () => {
    const response = parseRtspResponse(Buffer.from(whole));
    expect(response).toMatchObject({ status: 401, reason: 'Unauthorized', body: 'abc' });
    expect(typeof response === 'object' && response.headers.get('www-authenticate')).toEqual(['Digest a', 'Basic b']);
  });

  it('waits for the rest wherever the answer is cut', () => {
    const end = whole.length - 'REST'.length;
    for (let length = 0; length < end; length++) {
      expect([length, parseRtspResponse(Buffer.from(whole.slice(0, length)))]).toEqual([length, 'incomplete']);
    }
  });

  it.each([
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '<html>',
    'RTSP/1.0 ok\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: 9999999999\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n',
  ])('calls %j malformed', (text) => {
    expect(parseRtspResponse(Buffer.from(text))).toBe('malformed');
  });

  it('throws for no bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        parseRtspResponse(Buffer.from(noise));
        parseRtspResponse(Buffer.concat([Buffer.from('RTSP/1.0 200 OK\r\n'), noise, Buffer.from('\r\n\r\n')]));
      }),
    );
  });
});
