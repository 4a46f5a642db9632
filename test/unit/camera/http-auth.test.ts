import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { authorize, parseChallenges } from '../../../src/modules/camera/http-auth.js';

const request = { method: 'GET', uri: '/dir/index.html', username: 'Mufasa', password: 'Circle of Life' };

describe('parseChallenges', () => {
  it('reads several challenges, in one value or in many', () => {
    const digest = { scheme: 'digest', params: { realm: 'a, "b"', nonce: 'n=1', qop: 'auth,auth-int', stale: 'TRUE' } };
    const basic = { scheme: 'basic', params: { realm: 'c' } };
    const text = 'Digest realm="a, \\"b\\"", nonce="n=1",qop="auth,auth-int" , stale=TRUE';
    expect(parseChallenges([text, 'Basic realm="c"'])).toEqual([digest, basic]);
    expect(parseChallenges([`${text}, Basic realm="c"`])).toEqual([digest, basic]);
  });

  it('leaves out what it cannot read', () => {
    expect(parseChallenges(['', 'realm="x"', '""'])).toEqual([]);
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseChallenges([text]))));
  });
});

describe('authorize', () => {
  const responseOf = (header: string | undefined) => /response="([0-9a-f]+)"/.exec(header ?? '')?.[1];

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('answers the example of RFC 7616 with %s', (algorithm, response) => {
    const challenges = parseChallenges([
      `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    ]);
    const header = authorize({ ...request, challenges, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' });
    expect(responseOf(header)).toBe(response);
    expect(header).toContain('qop=auth, nc=00000001');
  });

  it('answers without qop as RFC 2069 says, and with a session algorithm', () => {
    const old = authorize({ ...request, challenges: parseChallenges(['Digest realm="r", nonce="n"']) });
    expect(responseOf(old)).toBe('0bab5c24c08a1ef94a6cc3d446ce558a');
    expect(old).not.toContain('cnonce');
    const session = authorize({
      ...request,
      cnonce: 'c',
      challenges: parseChallenges(['Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"']),
    });
    expect(responseOf(session)).toBe('2008d6d1fdf4ec35555cf8426b3eb39d');
  });

  it('prefers SHA-256 to MD5 and both to Basic', () => {
    const basic = 'Basic realm="r"';
    const md5 = 'Digest realm="r", nonce="n"';
    const sha = 'Digest realm="r", nonce="n", algorithm=SHA-256';
    const odd = 'Digest realm="r", nonce="n", algorithm=SHA-512-256';
    const choose = (...values: string[]) => authorize({ ...request, challenges: parseChallenges(values) });
    expect(choose(basic, md5, sha)).toContain('algorithm=SHA-256');
    expect(choose(basic, odd, md5)).toMatch(/^Digest .*response="[0-9a-f]{32}"/);
    expect(choose(odd, basic)).toBe(`Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`);
    expect(choose(odd, 'Negotiate')).toBeUndefined();
  });

  it('quotes odd user names', () => {
    const header = authorize({
      ...request,
      username: 'a"b\\c',
      challenges: parseChallenges(['Digest realm="r", nonce="n"']),
    });
    expect(header).toContain('username="a\\"b\\\\c"');
  });
});
