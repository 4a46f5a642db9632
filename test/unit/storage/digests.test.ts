import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { base64OfHex, isMd5Tag, isOtherMd5, md5HexOf, md5HexOfPieces } from '../../../src/modules/storage/digests.js';

describe('the digest of a part', () => {
  const bytes = Buffer.from('a part');
  const md5Hex = md5HexOf(bytes);
  const other = md5HexOf(Buffer.from('another'));

  it('goes over the wire in base64', () => {
    expect(base64OfHex(md5Hex)).toBe(createHash('md5').update(bytes).digest('base64'));
  });

  it.each<[string, string, boolean]>([
    ['the same', `"${md5Hex}"`, false],
    ['the same in capitals', `"${md5Hex.toUpperCase()}"`, false],
    ['the same without quotes', md5Hex, false],
    ['another', `"${other}"`, true],
    ['another without quotes', other, true],
    ['one of an object of parts', `"${other}-2"`, false],
    ['a weak one', `W/"${other}"`, false],
    ['one that is no MD5', '"0f-17c8a"', false],
  ])('differs from a tag or not: %s', (_, etag, differs) => {
    expect(isOtherMd5(etag, md5Hex)).toBe(differs);
  });

  it('is the same of the bytes in pieces', async () => {
    const pieces = (async function* () {
      for (const byte of bytes) yield Buffer.from([byte]);
    })();
    expect(await md5HexOfPieces(pieces)).toBe(md5Hex);
  });

  it.each<[string, object, boolean]>([
    ['an MD5', { ETag: `"${md5Hex}"` }, true],
    ['an MD5, with a key of the store', { ETag: `"${md5Hex}"`, ServerSideEncryption: 'AES256' }, true],
    ['what looks like one, with a key of KMS', { ETag: `"${md5Hex}"`, ServerSideEncryption: 'aws:kms' }, false],
    ['one of an object of parts', { ETag: `"${md5Hex}-2"` }, false],
    ['none', {}, false],
  ])('proves something or not: %s', (_, answer, proves) => {
    expect(isMd5Tag(answer)).toBe(proves);
  });
});
