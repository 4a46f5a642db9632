import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attachmentNamed } from '../../../../src/modules/storage/domain/content-disposition.js';

describe('a Content-Disposition', () => {
  it.each([
    ['Front door 2026-11-21.mp4', 'Front door 2026-11-21.mp4', 'Front%20door%202026-11-21.mp4'],
    ['Haustür.mp4', 'Haustur.mp4', 'Haust%C3%BCr.mp4'],
    ['玄関.mp4', '__.mp4', '%E7%8E%84%E9%96%A2.mp4'],
    ['say "hi"\r\nSet-Cookie: x', 'say _hi_Set-Cookie: x', 'say%20%22hi%22Set-Cookie%3A%20x'],
    ["it's (1)*", "it's (1)*", 'it%27s%20%281%29%2A'],
    ['../../etc/passwd', '..-..-etc-passwd', '..-..-etc-passwd'],
    ['\u0000\u202e', 'download', 'download'],
    ['a／b＼c＂', 'a_b_c_', 'a%EF%BC%8Fb%EF%BC%BCc%EF%BC%82'],
    ['\u0301', 'download', '%CC%81'],
    ['lone \ud800 surrogate', 'lone  surrogate', 'lone%20%20surrogate'],
  ])('of %j names the file for old clients and new', (name, ascii, encoded) => {
    expect(attachmentNamed(name)).toBe(`attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`);
  });

  it('is always one safe header line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(attachmentNamed(name)).toMatch(
          /^attachment; filename="[^"\\%\x00-\x1f\x7f-\uffff]+"; filename\*=UTF-8''[\w!.~%-]+$/,
        );
      }),
    );
  });
});
