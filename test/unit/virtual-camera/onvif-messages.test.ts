import { describe, expect, it } from '@jest/globals';
import {
  SoapFault,
  escapeXml,
  faultEnvelope,
  findAction,
  findText,
} from '../../../packages/virtual-camera/src/onvif/soap.js';
import { WsSecurity, passwordDigest } from '../../../packages/virtual-camera/src/onvif/ws-security.js';

const NOW = new Date('2026-03-01T12:00:00Z');

describe('findText', () => {
  it('finds an element by local name, with any prefix and attributes, and decodes it', () => {
    const xml = '<a><w:UserName2>no</w:UserName2><w:Username x="1"> a&lt;b&amp;&#xe9;&#34; </w:Username></a>';
    expect(findText(xml, 'Username')).toBe('a<b&é"');
    expect(findText(xml, 'Password')).toBeUndefined();
  });

  it('reads back what escapeXml wrote', () => {
    const text = `p@ss:w/rd#%&"?é<>'`;
    expect(findText(`<a>${escapeXml(text)}</a>`, 'a')).toBe(text);
  });
});

describe('findAction', () => {
  it('takes the namespace from the element or from where the prefix is declared', () => {
    expect(findAction('<s:Envelope><s:Body><GetProfiles xmlns="urn:a"/></s:Body></s:Envelope>')).toEqual({
      name: 'GetProfiles',
      namespace: 'urn:a',
    });
    expect(findAction('<E xmlns:t="urn:b"><Body x="y">\n <t:GetHostname/></Body></E>')).toEqual({
      name: 'GetHostname',
      namespace: 'urn:b',
    });
  });

  it('finds none in something else', () => {
    expect(findAction('{"json": true}')).toBeUndefined();
  });
});

describe('faultEnvelope', () => {
  it('nests the subcodes', () => {
    const xml = faultEnvelope(new SoapFault(['InvalidArgVal', 'NoProfile'], 'no <such> profile'));
    expect(xml).toContain(
      '<env:Value>env:Sender</env:Value><env:Subcode><env:Value>ter:InvalidArgVal</env:Value><env:Subcode>',
    );
    expect(xml).toContain('no &#60;such&#62; profile');
  });
});

describe('WsSecurity', () => {
  const password = 'p@ss:w/rd#%&"?é';
  const camera = () => new WsSecurity({ username: 'admin', password, deviceNow: () => NOW });
  const token = (values: { username?: string; password?: string; created?: string; nonce?: string } = {}) => {
    const { username = 'admin', created = NOW.toISOString(), nonce = Buffer.from('nonce').toString('base64') } = values;
    const digest = passwordDigest(nonce, created, values.password ?? password);
    return (
      `<Security><UsernameToken><Username>${username}</Username><Password Type="x">${digest}</Password>` +
      `<Nonce>${nonce}</Nonce><Created xmlns="y">${created}</Created></UsernameToken></Security>`
    );
  };

  it('digests as in UsernameToken Profile 1.0', () => {
    // The example of the ONVIF Application Programmer's Guide.
    const digest = passwordDigest('LKqI6G/AikKCQrN0zqZFlg==', '2010-09-16T07:50:45Z', 'userpassword');
    expect(digest).toBe('tuOSpGlFlIXsozq4HFNeeGeFLEI=');
  });

  it('takes a right token once', () => {
    const device = camera();
    expect(device.check(token())).toBe('ok');
    expect(device.check(token())).toBe('wrong');
  });

  it.each([
    ['another password', { password: 'no' }],
    ['another user', { username: 'root' }],
    ['an old token', { created: '2026-03-01T11:50:00Z' }],
    ['a token from the future', { created: '2026-03-01T12:10:00Z' }],
    ['a date that is none', { created: 'today' }],
  ])('refuses %s', (_what, values) => {
    expect(camera().check(token(values))).toBe('wrong');
  });

  it('tells a missing token from a wrong one', () => {
    expect(camera().check('<Body/>')).toBe('missing');
  });
});
