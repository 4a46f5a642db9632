import { describe, expect, it } from '@jest/globals';
import { redactor } from '../../../../src/common/redaction.js';
import { maskFor } from '../../../../src/modules/camera/domain/stream-mask.js';

const URL = 'rtsp://192.168.1.10/main';

describe('maskFor', () => {
  it("masks the camera's own password, in the spellings in which it turns up", () => {
    const mask = maskFor({ url: URL, username: 'admin', password: 'p@ss word' });
    const basic = Buffer.from('admin:p@ss word').toString('base64');
    expect(mask(`p@ss word p%40ss%20word ${basic}`)).toBe('*** *** ***');
  });

  it('takes the user info out of addresses, however short it is', () => {
    const mask = maskFor({ url: URL, username: 'usr', password: '7x' });
    expect(mask(`Error opening input 'rtsp://usr:7x@192.168.1.10/main': 7x`)).toBe(
      `Error opening input 'rtsp://192.168.1.10/main': 7x`,
    );
    expect(mask('RTSPS://u:p%40@h/x?pwd=ab&c=d')).toBe('RTSPS://h/x?pwd=***&c=d');
  });

  it('masks a password inside the address, in its own texts alone', () => {
    const hostile = maskFor({ url: `${URL}?pwd=login%20refused` });
    expect(hostile('login refused')).toBe('***');
    expect(maskFor({ url: URL })('login refused')).toBe('login refused');
    expect(redactor.redact('login refused')).toBe('login refused');
  });

  it('tells no device whether it has guessed a secret of somebody else', () => {
    redactor.add('the-admin-password');
    const others = maskFor({ url: URL, username: 'a', password: 'another-cameras-password' });
    const mask = maskFor({ url: URL, username: 'a', password: 'own-password' });
    const said = 'the-admin-password another-cameras-password guess-3';
    expect(mask(said)).toBe(said);
    expect(others(said)).toBe('the-admin-password *** guess-3');
  });
});
