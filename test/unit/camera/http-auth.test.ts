import { createHash } from 'node:crypto';
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

  it.each(['latin1', 'utf8'] as const)('computes over the bytes of a realm in %s', (encoding) => {
    const realm = Buffer.from('Cam\u00e9ra', encoding);
    const [username, password] = ['\u00e4dmin', 'p\u00e4\u20ac'];
    const header = `Digest realm="${realm.toString('latin1')}", nonce="n"`;
    const sent = Buffer.from(
      authorize({ ...request, username, password, challenges: parseChallenges([header]) })!,
      'latin1',
    );
    const md5 = (...parts: (string | Buffer)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest('hex');
    const ha1 = md5(username, ':', realm, ':', password);
    expect(responseOf(sent.toString('latin1'))).toBe(md5(`${ha1}:n:${md5('GET:/dir/index.html')}`));
    expect(sent.includes(Buffer.concat([Buffer.from('realm="'), realm, Buffer.from('"')]))).toBe(true);
    expect(sent.includes(Buffer.from(`username="${username}"`, 'utf8'))).toBe(true);
  });

  it('reads an unquoted realm in UTF-8 to its end', () => {
    const realm = Buffer.from('Vid\u00e0', 'utf8').toString('latin1');
    expect(parseChallenges([`Digest realm=${realm}, nonce="n"`])[0]?.params).toEqual({ realm, nonce: 'n' });
  });

  it('logs in with an empty password', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    const empty = { ...request, password: '', challenges: parseChallenges(['Digest realm="r", nonce="n"']) };
    expect(responseOf(authorize(empty))).toBe(md5(`${md5('Mufasa:r:')}:n:${md5('GET:/dir/index.html')}`));
    const basic = authorize({ ...empty, challenges: parseChallenges(['Basic realm="r"']) });
    expect(basic).toBe(`Basic ${Buffer.from('Mufasa:').toString('base64')}`);
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
