import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ANSWER_LIMITS } from '../../../../src/modules/camera/domain/answer-limits.js';
import { parseRtspHead, RtspAnswerReader } from '../../../../src/modules/camera/domain/rtsp-message.js';

const whole =
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest a\r\nwww-authenticate:Basic b\r\nContent-Length: 3\r\n\r\nabcREST';

const read = (text: string | Uint8Array) => new RtspAnswerReader().push(Buffer.from(text));

/** What comes of it when every byte is a chunk of its own, and the work that it took. */
function drip(text: string) {
  const parse = jest.fn(parseRtspHead);
  const reader = new RtspAnswerReader(parse);
  let searchedBytes = 0;
  const search: (...args: never[]) => number = Buffer.prototype.indexOf;
  jest.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, value, from) {
    searchedBytes += this.length - Number(from);
    return Reflect.apply(search, this, [value, from]) as number;
  });
  let bytes = 0;
  for (const byte of Buffer.from(text)) {
    bytes += 1;
    const answer = reader.push(Buffer.of(byte));
    if (answer !== 'incomplete') return { answer, bytes, parsed: parse.mock.calls.length, searchedBytes };
  }
  return { answer: 'incomplete' as const, bytes, parsed: parse.mock.calls.length, searchedBytes };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('RtspAnswerReader', () => {
  it('reads status, headers and body', () => {
    const response = read(whole);
    expect(response).toMatchObject({ status: 401, reason: 'Unauthorized', body: 'abc' });
    expect(typeof response === 'object' && response.headers.get('www-authenticate')).toEqual(['Digest a', 'Basic b']);
  });

  it('waits for the rest wherever the answer is cut, and reads the same then', () => {
    const end = whole.length - 'REST'.length;
    for (let length = 0; length < end; length++) {
      const reader = new RtspAnswerReader();
      expect([length, reader.push(Buffer.from(whole.slice(0, length)))]).toEqual([length, 'incomplete']);
      expect(reader.push(Buffer.from(whole.slice(length)))).toEqual(read(whole));
    }
    expect(drip(whole).answer).toEqual(read(whole));
  });

  it.each([
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '<html>',
    'RTSP/1.0 ok\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n',
    'RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n',
  ])('calls %j malformed', (text) => {
    expect(read(text)).toBe('malformed');
  });

  it.each([
    ['a body', 'RTSP/1.0 200 OK\r\nContent-Length: 9999999999\r\n\r\n'],
    ['lines', `RTSP/1.0 200 OK\r\n${'a:\r\n'.repeat(ANSWER_LIMITS.rtspHeaders + 1)}\r\n`],
    ['bytes, and no end', `RTSP/1.0 200 OK\r\nX: ${'a'.repeat(ANSWER_LIMITS.rtspHeadBytes)}`],
    ['bytes', `RTSP/1.0 200 OK\r\nX: ${'a'.repeat(ANSWER_LIMITS.rtspHeadBytes)}\r\n\r\n`],
  ])('refuses more %s than an answer may have', (_what, text) => {
    expect(read(text)).toBe('too_large');
    expect(drip(text).answer).toBe('too_large');
  });

  it('takes an answer at each limit', () => {
    const lines = `${'a:b\r\n'.repeat(ANSWER_LIMITS.rtspHeaders - 1)}Content-Length: ${ANSWER_LIMITS.rtspBodyBytes}\r\n`;
    const body = 'b'.repeat(ANSWER_LIMITS.rtspBodyBytes);
    expect(read(`RTSP/1.0 200 OK\r\n${lines}\r\n${body}`)).toMatchObject({ status: 200, body });
  });

  it('looks at each byte of a dripped answer once, and parses its head once', () => {
    const head = `RTSP/1.0 200 OK\r\n${'a: b\r\n'.repeat(ANSWER_LIMITS.rtspHeaders - 1)}Content-Length: 50000\r\n\r\n`;
    const good = drip(head + 'b'.repeat(50_000));
    expect(good).toMatchObject({ answer: { status: 200 }, parsed: 1 });
    // The search goes back over the three bytes that may begin a blank line.
    expect(good.searchedBytes).toBeLessThanOrEqual(head.length * 4);
  });

  it('gives up a head of 27,000 lines at its limit, without ever parsing it', () => {
    const hostile = drip(`RTSP/1.0 200 OK\r\n${'a:\r\n'.repeat(27_000)}Content-Length: 60000\r\n\r\n`);
    expect(hostile).toMatchObject({ answer: 'too_large', bytes: ANSWER_LIMITS.rtspHeadBytes, parsed: 0 });
    expect(hostile.searchedBytes).toBeLessThanOrEqual(ANSWER_LIMITS.rtspHeadBytes * 4);
  });

  it('throws for no bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        read(noise);
        read(Buffer.concat([Buffer.from('RTSP/1.0 200 OK\r\n'), noise, Buffer.from('\r\n\r\n')]));
      }),
    );
  });
});
