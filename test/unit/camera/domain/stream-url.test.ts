import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  buildStreamUrl,
  formatStreamUrl,
  inlineSecrets,
  maskStreamUrl,
  parseStreamUrl,
} from '../../../../src/modules/camera/domain/stream-url.js';

describe('parseStreamUrl', () => {
  it.each([
    'file:///etc/passwd',
    '-i',
    '',
    'http://169.254.169.254/',
    'concat:rtsp://192.168.1.10/a|rtsp://192.168.1.10/b',
    'pipe:0',
    'tcp://192.168.1.10:554/',
    'rtp://192.168.1.10/',
    'rtsp:192.168.1.10/x',
    'rtsp:/192.168.1.10/x',
    'rtsp:///nohost',
    'rtsp://:554/x',
    'rtsp://user:secret@/x',
    'rtsp://user@-host/',
    'rtsp://-host/',
    'rtsp://host-/',
    'rtsp://192.168.1.10/a\nb',
    'rtsp://192.168.1.10/a\r\nSession: 1',
    'rtsp://192.168.1.10/a b',
    'rtsp://192.168.1.10/\u0000',
    'rtsp://192.168.1.10/ü',
    ' rtsp://192.168.1.10/',
    'rtsp://user:sec%0Aret@192.168.1.10/',
    'rtsp://us%3Aer:secret@192.168.1.10/',
    `rtsp://192.168.1.10/${'a'.repeat(1000)}`,
    'rtsp://192.168.1.10:0/x',
    'rtsp://192.168.1.10:65536/x',
    'rtsp://192.168.1.10:123456/x',
    'rtsp://192.168.1.10:x/',
    'rtsp://192.168.1.10:/x',
    'rtsp://0x7f000001/',
    'rtsp://0x7f.1/',
    'rtsp://2130706433/',
    'rtsp://0177.0.0.1/',
    'rtsp://127.1/',
    'rtsp://192.168.1.256/',
    'rtsp://192.168.1.10./',
    'rtsp://[::1/',
    'rtsp://[fe80::1%25eth0]/',
    'rtsp://[zz]/',
    'rtsp://[192.168.1.10]/',
    'rtsp://camera..lan/',
    'rtsp://cam%65ra/',
    'rtsp://camera\\.lan/',
  ])('refuses %j without repeating it', (text) => {
    const act = () => parseStreamUrl(text);
    expect(act).toThrow(expect.objectContaining({ code: 'CAMERA.STREAM_URL_INVALID', kind: 'invalid' }));
    expect(act).not.toThrow(/secret/);
  });

  it.each([
    ['rtsp://192.168.1.10', { scheme: 'rtsp', host: '192.168.1.10', port: 554, path: '' }],
    ['RTSP://Camera-3.LAN:8554/Live?ch=1', { scheme: 'rtsp', host: 'camera-3.lan', port: 8554, path: '/Live?ch=1' }],
    ['rtsps://nvr_1/x', { scheme: 'rtsps', host: 'nvr_1', port: 322, path: '/x' }],
    ['rtsp://[FD00:0::2]:554/x', { scheme: 'rtsp', host: 'fd00::2', port: 554, path: '/x' }],
    ['rtsp://h/a@b:c', { scheme: 'rtsp', host: 'h', port: 554, path: '/a@b:c' }],
    ['rtsp://me@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/', username: 'me' }],
    ['rtsp://me:@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/', username: 'me', password: '' }],
    ['rtsp://:pw@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/', username: '', password: 'pw' }],
    ['rtsp://@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/' }],
    ['rtsp://:@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/' }],
    ['rtsp://h/x?u=http://a:b@y', { scheme: 'rtsp', host: 'h', port: 554, path: '/x?u=http://a:b@y' }],
    ['rtsp://h?u=a@b', { scheme: 'rtsp', host: 'h', port: 554, path: '?u=a@b' }],
    ['rtsp://me:p%40%3Ass@h/', { scheme: 'rtsp', host: 'h', port: 554, path: '/', username: 'me', password: 'p@:ss' }],
    [
      'rtsp://me:50%off@x@h/',
      { scheme: 'rtsp', host: 'h', port: 554, path: '/', username: 'me', password: '50%off@x' },
    ],
  ])('takes %s apart', (text, parts) => {
    expect(parseStreamUrl(text)).toEqual(parts);
  });
});

describe('formatStreamUrl and buildStreamUrl', () => {
  it('never writes credentials into the stored address', () => {
    expect(formatStreamUrl(parseStreamUrl('rtsp://me:secret@[fd00::2]:8554/a?b'))).toBe('rtsp://[fd00::2]:8554/a?b');
    expect(formatStreamUrl(parseStreamUrl('rtsp://me:secret@h:554/a'))).toBe('rtsp://h/a');
  });

  it('encodes everything in the credentials that FFmpeg or a concat list could misread', () => {
    const url = buildStreamUrl('rtsp://h/a', 'us er', `p@:/?#%+'"&\\é`);
    expect(url).toBe('rtsp://us%20er:p%40%3A%2F%3F%23%25%2B%27%22%26%5C%C3%A9@h/a');
    expect(buildStreamUrl('rtsp://h/a', null, 'unused')).toBe('rtsp://h/a');
  });

  it('keeps the colon of an empty password, without which FFmpeg does not log in', () => {
    for (const none of [undefined, null, '']) expect(buildStreamUrl('rtsp://h/a', 'me', none)).toBe('rtsp://me:@h/a');
    expect(buildStreamUrl('rtsp://h/a', '', 'pw')).toBe('rtsp://:pw@h/a');
    expect(buildStreamUrl('rtsp://h/a', undefined, '')).toBe('rtsp://h/a');
  });

  it('leaves host, port, path and query as they are, with credentials and without', () => {
    const hosts = fc.constantFrom('h', '192.168.1.10', '[fd00::2]', 'camera-3.lan');
    const marks = [
      '://',
      '@',
      ':',
      '?',
      '&',
      '=',
      '%40',
      '%2F',
      '%',
      '#',
      '//',
      'http',
      "'",
      '\\',
      '[',
      ']',
      '..',
      ';',
    ];
    const piece = fc.oneof(fc.constantFrom(...marks), fc.stringMatching(/^[!-~]{0,6}$/));
    const rest = fc.tuple(fc.constantFrom('/', '?'), fc.array(piece, { maxLength: 12 }));
    const login = fc.option(
      fc.record({ username: fc.stringMatching(/^[!-9;-~]{1,8}$/), password: fc.stringMatching(/^[!-~]{0,8}$/) }),
    );
    const ports = fc.option(fc.integer({ min: 1, max: 65_535 }));
    fc.assert(
      fc.property(
        fc.constantFrom('rtsp', 'rtsps'),
        hosts,
        ports,
        rest,
        login,
        (scheme, host, port, [first, parts], who) => {
          const path = `${first}${parts.join('')}`;
          const url = `${scheme}://${host}${port === null ? '' : `:${port}`}${path}`;
          const built = buildStreamUrl(url, who?.username, who?.password);
          expect(built.endsWith(url.slice(`${scheme}://`.length))).toBe(true);
          expect(parseStreamUrl(built)).toEqual({ ...parseStreamUrl(url), ...who });
        },
      ),
    );
  });

  it('gives back any credentials that it wrote', () => {
    const texts = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 4 })
      .filter((text) => !/[:\p{Cc}\p{Cs}]/u.test(text));
    fc.assert(
      fc.property(texts, texts, (username, password) => {
        const parsed = parseStreamUrl(buildStreamUrl('rtsp://h:1/a', username, password));
        expect([parsed.username, parsed.password, parsed.host]).toEqual([username, password, 'h']);
      }),
    );
  });

  it('refuses credentials that FFmpeg would cut off', () => {
    expect(buildStreamUrl('rtsp://h/', 'user', 'a'.repeat(122))).toHaveLength('rtsp://@h/'.length + 127);
    expect(() => buildStreamUrl('rtsp://h/', 'user', 'a'.repeat(123))).toThrow(
      expect.objectContaining({ code: 'CAMERA.CREDENTIALS_TOO_LONG' }),
    );
    expect(() => buildStreamUrl('rtsp://h/', 'user', '@'.repeat(41))).toThrow(/too long/);
  });
});

describe('passwords inside path or query', () => {
  const url = 'rtsp://192.168.1.10/user=admin&password=tl%40Jw&channel=1?pwd=x2y';

  it('are found, as written and decoded', () => {
    expect(inlineSecrets(url)).toEqual(['tl%40Jw', 'tl@Jw', 'x2y']);
    expect(inlineSecrets('rtsp://h/passage?password=')).toEqual([]);
  });

  it('are not where the password is empty', () => {
    const url = 'rtsp://192.168.1.10/user=admin&password=&channel=1';
    expect([inlineSecrets(url), maskStreamUrl(url)]).toEqual([[], url]);
  });

  it('are masked, and user info is dropped', () => {
    expect(maskStreamUrl(url.replace('//', '//me:secret@'))).toBe(
      'rtsp://192.168.1.10/user=admin&password=***&channel=1?pwd=***',
    );
  });
});
