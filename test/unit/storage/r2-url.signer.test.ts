import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attachmentNamed } from '../../../src/modules/storage/domain/content-disposition.js';
import { createR2Client } from '../../../src/modules/storage/r2-client.js';
import { R2UrlSigner, type SignedRead } from '../../../src/modules/storage/r2-url.signer.js';

interface Store {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

const STORE: Store = {
  endpoint: 'https://account.r2.cloudflarestorage.com',
  region: 'auto',
  bucket: 'recordings',
  accessKeyId: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  secretAccessKey: 'a/secret+with=signs',
};

/** Who judges what is signed here: the SDK's own presigner. */
function judgeOf(config: Store) {
  const timeouts = { connectMs: 1_000, requestMs: 1_000, idleMs: 1_000 };
  const client = createR2Client({ ...config, publicUrl: undefined }, timeouts);
  return async (Key: string, { at, expiresSec, disposition }: SignedRead): Promise<string> => {
    const command = new GetObjectCommand({ Bucket: config.bucket, Key, ResponseContentDisposition: disposition });
    return getSignedUrl(client, command, { expiresIn: expiresSec, signingDate: at });
  };
}

const key = fc
  .array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/), { minLength: 1, maxLength: 6 })
  .map((segments) => segments.join('/'));
const fileName = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('Einfahrt – Süd (1)\'"*!~.mp4'));
const read: fc.Arbitrary<SignedRead> = fc.record({
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
  expiresSec: fc.integer({ min: 1, max: 604_800 }),
  disposition: fc.option(fileName.map(attachmentNamed), { nil: undefined }),
});
const store: fc.Arbitrary<Store> = fc.record({
  endpoint: fc.constantFrom(
    STORE.endpoint,
    'http://127.0.0.1:9000',
    'https://s3.fr-par.scw.cloud',
    'https://host:8443/base/path',
    'http://host:80/',
    'http://[::1]:9000',
  ),
  region: fc.constantFrom('auto', 'us-east-1', 'fr-par', 'default'),
  bucket: fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/),
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{3,32}$/),
  secretAccessKey: fc.string({ minLength: 1 }),
});

describe('a signed address', () => {
  it('is what the SDK makes of it, byte for byte, whatever the store, the key, the name of the file and the time', async () => {
    await fc.assert(
      fc.asyncProperty(store, key, read, async (config, of, wanted) => {
        const signer = new R2UrlSigner({ ...config, publicUrl: undefined });
        expect(signer.sign(of, wanted)).toBe(await judgeOf(config)(of, wanted));
      }),
      { numRuns: 150 },
    );
  });

  it('is right on both sides of midnight, whichever comes first', async () => {
    const signer = new R2UrlSigner({ ...STORE, publicUrl: undefined });
    const judge = judgeOf(STORE);
    const times = [
      '2026-11-30T23:59:59.999Z',
      '2026-12-01T00:00:00.000Z',
      '2026-11-30T23:59:59.999Z',
      '2026-12-31T23:59:59.000Z',
      '2027-01-01T00:00:00.001Z',
      '2028-02-29T12:00:00.000Z',
    ];
    for (const time of times) {
      const wanted = { at: new Date(time), expiresSec: 3_600 };
      expect(signer.sign('footage/a/1.mp4', wanted)).toBe(await judge('footage/a/1.mp4', wanted));
    }
  });

  it('is for one object, one time and one secret', () => {
    const wanted = { at: new Date('2026-11-30T12:00:00Z'), expiresSec: 60 };
    const sign = (config: Partial<Store>, of = 'a', more = {}) =>
      new R2UrlSigner({ ...STORE, publicUrl: undefined, ...config }).sign(of, { ...wanted, ...more });
    const signatureOf = (url: string) => new URL(url).searchParams.get('X-Amz-Signature');
    const urls = [
      sign({}),
      sign({}, 'b'),
      sign({}, 'a', { expiresSec: 61 }),
      sign({}, 'a', { at: new Date('2026-11-30T12:00:01Z') }),
      sign({ secretAccessKey: 'another' }),
      sign({ region: 'another' }),
    ];
    expect(new Set(urls.map(signatureOf)).size).toBe(urls.length);
    for (const url of urls) expect(url).not.toContain('secret');
  });
});
