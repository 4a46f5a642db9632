import { describe, expect, it } from '@jest/globals';
import { AuthGate, digestResponse, parseAuthParameters, quote } from '../../../packages/virtual-camera/src/auth.js';

const ODD = 'p@ss:w/rd#%&"?é';

function gate(schemes: ('digest' | 'basic')[] = ['digest', 'basic']) {
  return new AuthGate({ realm: 'Virtual Camera', schemes, username: 'admin', password: ODD });
}

function answerTo(
  challenge: string,
  password: string,
  method = 'DESCRIBE',
  extra: Record<string, string> = {},
): string {
  const { realm = '', nonce = '' } = parseAuthParameters(challenge.replace(/^Digest /, ''));
  const values = { username: 'admin', realm, nonce, uri: 'rtsp://127.0.0.1/main', ...extra };
  const response = digestResponse({ ...values, password, method });
  const parameters = Object.entries({ ...values, response }).map(([name, value]) => `${name}=${quote(value)}`);
  return `Digest ${parameters.join(', ')}`;
}

describe('digestResponse', () => {
  it('gives the value of RFC 2617, section 3.5', () => {
    const response = digestResponse({
      ...{ username: 'Mufasa', realm: 'testrealm@host.com', password: 'Circle Of Life' },
      ...{ nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', uri: '/dir/index.html', method: 'GET' },
      ...{ qop: 'auth', nc: '00000001', cnonce: '0a4f113b' },
    });
    expect(response).toBe('6629fae49393a05397450978507c4ef1');
  });

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('gives the %s value of RFC 7616, section 3.9.1', (algorithm, expected) => {
    const response = digestResponse({
      ...{ username: 'Mufasa', realm: 'http-auth@example.org', password: 'Circle of Life', algorithm },
      ...{ nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', uri: '/dir/index.html', method: 'GET' },
      ...{ qop: 'auth', nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    });
    expect(response).toBe(expected);
  });
});

describe('parseAuthParameters', () => {
  it('reads tokens, quoted strings with commas and escapes, in any case', () => {
    const text = 'Username="a\\"b\\\\c, d=e", nc=00000001,qop=auth , uri="rtsp://h/x?y=1,2"';
    expect(parseAuthParameters(text)).toEqual({
      username: 'a"b\\c, d=e',
      nc: '00000001',
      qop: 'auth',
      uri: 'rtsp://h/x?y=1,2',
    });
  });

  it('reads back what quote wrote', () => {
    expect(parseAuthParameters(`username=${quote(ODD)}`)['username']).toBe(ODD);
  });
});

describe('AuthGate', () => {
  it('lets everybody in when there is no password', () => {
    expect(new AuthGate({ realm: 'r', schemes: ['digest'] }).check(undefined, 'DESCRIBE')).toBe('ok');
  });

  it('asks for credentials, Digest first', () => {
    expect(gate().check(undefined, 'DESCRIBE')).toBe('missing');
    expect(gate().challenges()[0]).toMatch(/^Digest realm="Virtual Camera", nonce="[0-9a-f]{32}"$/);
    expect(gate().challenges()[1]).toBe('Basic realm="Virtual Camera"');
  });

  it('takes a right Digest answer once and again', () => {
    const camera = gate();
    const answer = answerTo(camera.challenges()[0] ?? '', ODD);
    expect(camera.check(answer, 'DESCRIBE')).toBe('ok');
    expect(camera.check(answer, 'DESCRIBE')).toBe('ok');
  });

  it('refuses a Digest answer with the wrong password, or made for another method', () => {
    const camera = gate();
    const challenge = camera.challenges()[0] ?? '';
    expect(camera.check(answerTo(challenge, 'wrong'), 'DESCRIBE')).toBe('wrong');
    expect(camera.check(answerTo(challenge, ODD), 'SETUP')).toBe('wrong');
  });

  it('calls a nonce stale that it did not give, and says so in the next challenge', () => {
    const answer = answerTo(gate().challenges()[0] ?? '', ODD);
    const camera = gate();
    expect(camera.check(answer, 'DESCRIBE')).toBe('stale');
    expect(camera.challenges(true)[0]).toContain('stale=true');
  });

  it('takes Basic with a colon in the password, and only if it is offered', () => {
    const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
    expect(gate().check(basic(ODD), 'DESCRIBE')).toBe('ok');
    expect(gate().check(basic('wrong'), 'DESCRIBE')).toBe('wrong');
    expect(gate(['digest']).check(basic(ODD), 'DESCRIBE')).toBe('missing');
  });
});
