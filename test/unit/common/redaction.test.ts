import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redactor } from '../../../src/common/redaction.js';

const ODD = `p@ss w%rd&"<'\\!*()/?#ü`;

function redactorOf(...secrets: [string, string?][]): Redactor {
  const redactor = new Redactor();
  for (const [secret, username] of secrets) redactor.add(secret, username);
  return redactor;
}

describe('Redactor', () => {
  it.each([
    ['plain', ODD],
    ['percent-encoded', encodeURIComponent(ODD)],
    ['percent-encoded in lower case', encodeURIComponent(ODD).replace(/%../g, (hex) => hex.toLowerCase())],
    ['percent-encoded as a form', encodeURIComponent(ODD).replace(/%20/g, '+')],
    [
      'percent-encoded strictly',
      encodeURIComponent(ODD).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    ],
    ['inside JSON', JSON.stringify({ v: ODD }).slice(6, -2)],
    ['inside XML', `p@ss w%rd&amp;&quot;&lt;&apos;\\!*()/?#ü`],
    ['in base64', Buffer.from(ODD).toString('base64')],
  ])('masks a secret %s', (_name, spelling) => {
    expect(redactorOf([ODD]).redact(`before ${spelling} after`)).toBe('before *** after');
  });

  it('masks nothing for an empty secret', () => {
    const text = 'rtsp://admin:@192.168.1.10/a answered 401 to admin: and to Basic YWRtaW46';
    for (const username of [undefined, null, '', 'admin']) {
      const redactor = new Redactor();
      redactor.add('', username);
      expect(redactor.redact(text)).toBe(text);
    }
  });

  it('masks the Basic header of a pair', () => {
    const header = Buffer.from('admin:geheim').toString('base64');
    expect(redactorOf(['geheim', 'admin']).redact(`Authorization: Basic ${header}`)).toBe('Authorization: Basic ***');
  });

  it('masks every occurrence, and the longer of two that overlap', () => {
    expect(redactorOf(['abc'], ['abcdef']).redact('abc abcdef abcd')).toBe('*** *** ***d');
  });

  it('leaves text alone without secrets, and takes no empty or tiny ones', () => {
    const redactor = redactorOf([''], ['ab']);
    redactor.add(null);
    redactor.add(undefined);
    expect(redactor.redact('ab cd')).toBe('ab cd');
  });

  it('takes characters that mean something in a pattern literally', () => {
    expect(redactorOf(['a.c+(']).redact('abc+( a.c+(')).toBe('abc+( ***');
  });

  it('lets no secret through in any position', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, maxLength: 20 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!secret.includes('*'));
        const masked = redactorOf([secret]).redact(`${before}${secret}${after}`);
        expect(masked.includes(secret)).toBe(false);
      }),
    );
  });
});
